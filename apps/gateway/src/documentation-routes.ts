import { openApiDocument } from '@backup-sync/contracts';
import express, { Router } from 'express';
import helmet from 'helmet';
// The package's main module would load Swagger UI itself into the server, some 8 MB.
import absolutePath from 'swagger-ui-dist/absolute-path.js';
import { page, start } from './documentation-page.ts';
import { refuseOtherMethods } from './only-methods.ts';

/** What the page loads of Swagger UI, all of it from here. */
const assets = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

/** The page may load its own files and ask this server; it may not be framed, and is served over HTTP as it is. */
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

/** `/openapi.json`, and `/docs`: a page of it to read and to try. */
export function documentationRoutes({ version }: { readonly version: string }): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const document = openApiDocument({ version });
  router.get('/openapi.json', (_request, response) => void response.json(document));
  router.get('/docs', policy, (_request, response) => void response.type('html').send(page));
  // Relative addresses are meant from /docs.
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
