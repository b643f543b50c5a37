import type { Engine, ScopedProject } from '@backup-sync/engine';
import { type Request, Router } from 'express';
import { catalogForm, domainForm, projectForm, region, versionForm } from './keystone-forms.ts';
import { keystoneRefusal } from './keystone-refusal.ts';
import { refuseOtherMethods } from './only-methods.ts';
import { addressesOf } from './public-address.ts';
import { authenticate } from './request-scope.ts';
import { tokenRoutes } from './token-routes.ts';

/** Paths that need no credentials. */
export const openPaths = ['/', '/v3'];
const projectPaths = ['/v3/projects', '/v3/auth/projects'];
const ownPaths = [...projectPaths, '/v3/auth/domains', '/v3/auth/catalog'];

/** Routes of the identity service that OpenStack clients and clients of Huawei's IAM use. */
export function identityRoutes(engine: Engine): Router {
  const router = Router({ caseSensitive: true });
  router.use('/v3/auth', (_request, response, next) => {
    // As in Keystone: caches must not return one caller's answer to another.
    response.setHeader('Vary', 'X-Auth-Token');
    next();
  });
  router.get('/', (request, response) => {
    const { own } = addressesOf(request);
    response
      .status(300)
      .location(`${own}/v3/`)
      .json({ versions: { values: [versionForm(own)] } });
  });
  router.get('/v3', (request, response) => {
    response.json({ version: versionForm(addressesOf(request).own) });
  });
  for (const path of projectPaths) {
    router.get(path, async (request, response) => {
      const project = await projectOf(engine, request);
      const projects = isAskedFor(project, request) ? [projectForm(addressesOf(request), project)] : [];
      response.json({ projects, links: listLinks(request) });
    });
  }
  router.get('/v3/auth/domains', async (request, response) => {
    const { domain } = await projectOf(engine, request);
    response.json({ domains: [domainForm(addressesOf(request), domain)], links: listLinks(request) });
  });
  router.get('/v3/auth/catalog', async (request, response) => {
    const catalog = catalogForm(addressesOf(request), await projectOf(engine, request));
    response.json({ catalog, links: { self: selfLink(request) } });
  });
  for (const path of [...openPaths, ...ownPaths]) refuseOtherMethods(router, path, ['GET']);
  router.use(tokenRoutes(engine));
  router.use([...projectPaths, '/v3/auth'], keystoneRefusal);
  return router;
}

/** Returns the project of the credentials. */
async function projectOf(engine: Engine, request: Request): Promise<ScopedProject> {
  return engine.identity.projectOf(await authenticate(engine, request));
}

/**
 * Whether the filter `name` matches the project. The name of the region matches too: in Huawei's IAM each region has a
 * project of the same name, so clients ask for the region.
 */
function isAskedFor(project: ScopedProject, { query: { name } }: Request): boolean {
  return name === undefined || name === project.name || name === region;
}

function listLinks(request: Request) {
  return { self: selfLink(request), next: null, previous: null };
}

function selfLink(request: Request): string {
  return `${addressesOf(request).own}${request.path}`;
}
