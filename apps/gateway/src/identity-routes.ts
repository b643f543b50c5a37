import type { Engine } from '@backup-sync/engine';
import { type RequestHandler, Router } from 'express';
import { projectForm, region, versionForm } from './keystone-forms.ts';
import { keystoneRefusal } from './keystone-refusal.ts';
import { refuseOtherMethods } from './only-methods.ts';
import { publicAddress } from './public-address.ts';
import { authenticate } from './request-scope.ts';
import { tokenRoutes } from './token-routes.ts';

/** What anyone may ask. */
export const openPaths = ['/', '/v3'];
const projectPaths = ['/v3/projects', '/v3/auth/projects'];

/** What clients of OpenStack and of Huawei's IAM ask an identity service for. */
export function identityRoutes(engine: Engine, publicUrl: string | undefined): Router {
  const router = Router({ caseSensitive: true });
  router.use('/v3/auth', (_request, response, next) => {
    // As Keystone: caches must not give one caller's answer to another.
    response.setHeader('Vary', 'X-Auth-Token');
    next();
  });
  router.get('/', (request, response) => {
    const version = versionForm(publicAddress(publicUrl, request));
    response
      .status(300)
      .location(`${publicAddress(publicUrl, request)}/v3/`)
      .json({ versions: { values: [version] } });
  });
  router.get('/v3', (request, response) => {
    response.json({ version: versionForm(publicAddress(publicUrl, request)) });
  });
  const projects = listProjects(engine, publicUrl);
  for (const path of projectPaths) router.get(path, projects);
  for (const path of [...openPaths, ...projectPaths]) refuseOtherMethods(router, path, ['GET']);
  router.use(tokenRoutes(engine, publicUrl));
  router.use([...projectPaths, '/v3/auth'], keystoneRefusal(publicUrl));
  return router;
}

/**
 * The project that the credentials are for. By `name`, a client of Huawei's IAM asks for a region, where each has a
 * project of its name: the region's name is as good as the project's.
 */
function listProjects(engine: Engine, publicUrl: string | undefined): RequestHandler {
  return async (request, response) => {
    const project = await engine.identity.projectOf(await authenticate(engine, request));
    const { name } = request.query;
    const matches = name === undefined || name === project.name || name === region;
    const address = publicAddress(publicUrl, request);
    response.json({
      projects: matches ? [projectForm(address, project)] : [],
      links: { self: `${address}${request.path}`, next: null, previous: null },
    });
  };
}
