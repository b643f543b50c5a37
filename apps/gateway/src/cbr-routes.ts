import { BackupSyncError, paging, parseOrRefuse } from '@backup-sync/contracts';
import { authoriseProject, type Caller, type Engine } from '@backup-sync/engine';
import { type Request, Router } from 'express';
import { z } from 'zod';
import { emptyListings, notOffered } from './cbr-calls.ts';
import { authenticate } from './request-scope.ts';

const pageAsked = z.object({ limit: paging.limit, offset: paging.offset });

/**
 * Routes for the CBR calls that are not in the table of calls. Listings of objects that do not exist here are empty.
 * All other calls get 501 and a message that says what to use instead; to clients, a 404 would mean that a resource is
 * gone.
 */
export function cbrRoutes(engine: Engine): Router {
  const router = Router({ caseSensitive: true });
  for (const { method, path, instead } of notOffered) {
    router[routerMethods[method]](routeOf(path), async (request) => {
      const { projectId } = await authenticateInProject(engine, request);
      const fields = { project_id: projectId, ...request.params };
      const call = `${method} ${fill(path, fields)}`;
      const message = `${call} is a CBR call that this service does not offer; ${fill(instead, fields)}`;
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

/** Replaces each `{name}` in the text by the field of that name. */
function fill(text: string, fields: Request['params']): string {
  return text.replaceAll(/\{(\w+)\}/g, (place, name: string) =>
    String(Object.hasOwn(fields, name) ? fields[name] : place),
  );
}
