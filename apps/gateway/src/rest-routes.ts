import {
  BackupSyncError,
  type OperationDefinition,
  type OperationName,
  operationNames,
  operations,
  pathFields,
} from '@backup-sync/contracts';
import type { Engine } from '@backup-sync/engine';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { jsonBody } from './json-body.ts';
import { authenticate, requestIdOf } from './request-scope.ts';

/** One route for each operation of the table, and a 405 for other methods on their paths. */
export function restRoutes(engine: Engine): Router {
  const router = Router({ caseSensitive: true });
  const methodsOf = new Map<string, string[]>();
  for (const name of operationNames) {
    const { method, path }: OperationDefinition = operations[name];
    const route = path.replaceAll(/\{(\w+)\}/g, ':$1');
    const handlers: RequestHandler[] = [
      authenticated(engine),
      ...(method === 'POST' ? jsonBody : []),
      handler(engine, name),
    ];
    if (method === 'GET') router.get(route, ...handlers);
    else if (method === 'DELETE') router.delete(route, ...handlers);
    else router.post(route, ...handlers);
    methodsOf.set(route, [...(methodsOf.get(route) ?? []), method]);
  }
  for (const [route, methods] of methodsOf) {
    router.all(route, (request, response) => {
      response.setHeader('Allow', methods.join(', '));
      throw new BackupSyncError('method_not_allowed', `${request.method} is not possible here`);
    });
  }
  return router;
}

/** Before the body is read: whoever may not call does not make the server work. */
function authenticated(engine: Engine): RequestHandler {
  return async (request, response, next) => {
    response.locals.caller = await authenticate(engine, request);
    next();
  };
}

function handler(engine: Engine, name: OperationName): RequestHandler {
  const definition: OperationDefinition = operations[name];
  return async (request: Request, response: Response) => {
    const { caller } = response.locals;
    const output = await engine.call(name, { caller, requestId: requestIdOf(response) }, fieldsOf(definition, request));
    if (definition.successStatus === 204) response.status(204).end();
    else response.status(definition.successStatus).json(output);
  };
}

/** Path, then query or body, as the one flat input of the table. The path wins. */
function fieldsOf(definition: OperationDefinition, request: Request): unknown {
  const inPath = Object.fromEntries(pathFields(definition.path).map((field) => [field, request.params[field]]));
  if (definition.method !== 'POST') return { ...request.query, ...inPath };
  const body: unknown = request.body;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new BackupSyncError('invalid_request', 'body: must be a JSON object', {
      problems: [{ place: 'body', message: 'must be a JSON object' }],
    });
  }
  return { ...body, ...inPath };
}
