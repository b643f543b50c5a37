import {
  type CallDefinition,
  callNames,
  calls,
  hasBody,
  invalidField,
  isStream,
  pathFields,
  type StreamName,
  type UnaryCallName,
} from '@backup-sync/contracts';
import type { Engine } from '@backup-sync/engine';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { jsonBody } from './json-body.ts';
import { refuseOtherMethods } from './only-methods.ts';
import { openStream } from './open-stream.ts';
import { authenticate, whence } from './request-scope.ts';
import { answerWithEvents } from './server-sent-events.ts';

/** Routes for each call of the table. Other methods on their paths get 405. Streams end when `stopping` is aborted. */
export function restRoutes(engine: Engine, stopping: AbortSignal): Router {
  const router = Router({ caseSensitive: true });
  const methodsOf = new Map<string, string[]>();
  for (const name of callNames) {
    const definition: CallDefinition = calls[name];
    const { method, path } = definition;
    const route = path.replaceAll(/\{(\w+)\}/g, ':$1');
    const handlers: RequestHandler[] = isStream(name)
      ? [streamHandler(engine, name, stopping)]
      : [authenticated(engine), ...(hasBody(definition) ? jsonBody : []), handler(engine, name)];
    if (method === 'GET') router.get(route, ...handlers);
    else if (method === 'DELETE') router.delete(route, ...handlers);
    else if (method === 'PUT') router.put(route, ...handlers);
    else if (method === 'PATCH') router.patch(route, ...handlers);
    else router.post(route, ...handlers);
    methodsOf.set(route, [...(methodsOf.get(route) ?? []), method]);
  }
  for (const [route, methods] of methodsOf) refuseOtherMethods(router, route, methods);
  return router;
}

/** Authenticates before the body is read, so that unknown callers cause no work. */
function authenticated(engine: Engine): RequestHandler {
  return async (request, response, next) => {
    response.locals.caller = await authenticate(engine, request);
    next();
  };
}

function handler(engine: Engine, name: UnaryCallName): RequestHandler {
  const definition: CallDefinition = calls[name];
  return async (request: Request, response: Response) => {
    const { caller } = response.locals;
    const output = await engine.call(
      name,
      { caller, ...whence(request, response, 'rest') },
      fieldsOf(definition, request),
    );
    if (definition.successStatus === 204) response.status(204).end();
    else response.status(definition.successStatus).json(output);
  };
}

/** Serves a stream. A reader that reconnects sends `Last-Event-ID`, which is newer than the `after` in its address. */
function streamHandler(engine: Engine, name: StreamName, stopping: AbortSignal): RequestHandler {
  return async (request, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const last = request.headers['last-event-id'];
    const fields = {
      ...fieldsOf(calls[name], request),
      ...(typeof last === 'string' && last !== '' && { after: last }),
    };
    const stream = await openStream(
      engine,
      name,
      {
        from: whence(request, response, 'rest'),
        authenticate: () => authenticate(engine, request),
        signal: AbortSignal.any([gone.signal, stopping]),
      },
      fields,
    );
    if (request.method === 'HEAD') response.status(200).type('text/event-stream').end();
    else await answerWithEvents(response, stream, gone.signal);
  };
}

/** Merges path and query or body into the flat input of a call. Fields in the path win. */
function fieldsOf(definition: CallDefinition, request: Request): Record<string, unknown> {
  const inPath = Object.fromEntries(pathFields(definition.path).map((field) => [field, request.params[field]]));
  if (!hasBody(definition)) return { ...request.query, ...inPath };
  const body: unknown = request.body;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalidField('body', 'must be a JSON object');
  }
  return { ...body, ...inPath };
}
