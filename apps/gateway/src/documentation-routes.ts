import { openApiDocument } from '@backup-sync/contracts';
import express, { Router } from 'express';
import helmet from 'helmet';
// The main module of the package would load all of Swagger UI into the server, about 8 MB.
import absolutePath from 'swagger-ui-dist/absolute-path.js';
import { page, start } from './documentation-page.ts';
import { refuseOtherMethods } from './only-methods.ts';

/** The files of Swagger UI that the page loads from this server. */
const assets = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

/** The page may load its own files and call this server. It must not be framed, and also works over plain HTTP. */
const policy = helmet.contentSecurityPolicy({
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
});

/** Routes for `/openapi.json` and for `/docs`, a page to read it and try the calls. */
export function documentationRoutes({ version }: { readonly version: string }): Router {
  const router = Router({ caseSensitive: true, strict: true });
  let document: ReturnType<typeof openApiDocument> | undefined;
  router.get('/openapi.json', (_request, response) => {
    // Making it takes a quarter of a second, for which no start of a server waits.
    document ??= openApiDocument({ version });
    response.json(document);
  });
  router.get('/docs', policy, (_request, response) => void response.type('html').send(page));
  // The relative addresses of the page start from /docs.
  router.get('/docs/', (_request, response) => response.redirect(308, '../docs'));
  router.get('/docs/start.js', (_request, response) => void response.type('js').send(start));
  const files = express.static(absolutePath(), { index: false, redirect: false, maxAge: '1h' });
  for (const asset of assets) {
    router.get(`/docs/${asset}`, (request, response, next) => {
      request.url = `/${asset}`;
      files(request, response, next);
    });
  }
  const paths = ['/openapi.json', '/docs', '/docs/', '/docs/start.js', ...assets.map((asset) => `/docs/${asset}`)];
  for (const path of paths) refuseOtherMethods(router, path, ['GET']);
  return router;
}
