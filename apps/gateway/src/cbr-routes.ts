import { BackupSyncError, paging, parseOrRefuse } from '@backup-sync/contracts';
import { authoriseProject, type Caller, type Engine } from '@backup-sync/engine';
import { type Request, Router } from 'express';
import { z } from 'zod';
import { emptyListings, notOffered } from './cbr-calls.ts';
import { authenticate } from './request-scope.ts';

const pageAsked = z.object({ limit: paging.limit, offset: paging.offset });

/**
 * CBR's calls that the table of calls does not have. Those that act answer 501 and say what to use instead: clients
 * take a 404 for a resource that is gone. Listings of what does not exist here are empty.
 */
export function cbrRoutes(engine: Engine): Router {
  const router = Router({ caseSensitive: true });
  for (const { method, path, instead } of notOffered) {
    router[routerMethods[method]](routeOf(path), async (request) => {
      const { projectId } = await authenticateInProject(engine, request);
      const fields = { project_id: projectId, ...request.params };
      const call = `${method} ${fill(path, fields)}`;
      const message = `${call} is a call of CBR that is not offered here; ${fill(instead, fields)}`;
      throw new BackupSyncError('not_offered', message);
    });
  }
  for (const { path, field } of emptyListings) {
    router.get(routeOf(path), async (request, response) => {
      await authenticateInProject(engine, request);
      response.json({ [field]: [], count: 0, ...parseOrRefuse(pageAsked, request.query) });
    });
  }
  return router;
}

const routerMethods = { GET: 'get', POST: 'post', PUT: 'put', DELETE: 'delete' } as const;

function routeOf(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

async function authenticateInProject(engine: Engine, request: Request): Promise<Caller> {
  const caller = await authenticate(engine, request);
  const { project_id: projectId } = request.params;
  if (projectId !== undefined) authoriseProject(caller, projectId);
  return caller;
}

/** Puts these fields in the places that have their names. */
function fill(text: string, fields: Request['params']): string {
  return text.replaceAll(/\{(\w+)\}/g, (place, name: string) =>
    String(Object.hasOwn(fields, name) ? fields[name] : place),
  );
}
