import type { Engine, Log, OnFault } from '@backup-sync/engine';
import { getErrorShape } from '@trpc/server';
import { createExpressMiddleware } from '@trpc/server/adapters/express';
import type { Request, RequestHandler } from 'express';
import { sessionTokenOf } from './edges/credential.ts';
import { bodyMaxBytes } from './json-body.ts';
import { logRefusal } from './log-refusal.ts';
import { onlyMethods } from './only-methods.ts';
import { beginRefusal, refusalOf } from './refusal.ts';
import { authenticate, requestIdOf, whence } from './request-scope.ts';
import { signedBodyAsText } from './signed-body.ts';
import { appRouter, refusalForTrpc } from './trpc-router.ts';

/** Maximum number of calls in one batch, which all run at the same time. */
const batchedCallsMax = 50;

/** Handlers for the calls over tRPC. Streams end when `stopping` is aborted. */
export function trpcDoor(
  engine: Engine,
  stopping: AbortSignal,
  { onFault, log }: { readonly onFault: OnFault; readonly log: Log },
): readonly RequestHandler[] {
  return [
    // Before tRPC's adapter, which fails on methods that browsers forbid.
    onlyMethods(['GET', 'POST']),
    authenticated(engine, log),
    signedBodyAsText,
    createExpressMiddleware({
      router: appRouter,
      maxBodySize: bodyMaxBytes,
      maxBatchSize: batchedCallsMax,
      // A query may carry a list of items that is too long for an address.
      allowMethodOverride: true,
      createContext: ({ req, res }) => ({
        engine,
        stopping,
        from: whence(req, res, sessionTokenOf(req) === null ? 'trpc' : 'console'),
        caller: res.locals.caller,
        authenticateAnew: () => authenticate(engine, req),
      }),
      onError: ({ error, ctx, path }) => {
        const cause = error.cause ?? error;
        const unexpected = error.code === 'INTERNAL_SERVER_ERROR' && refusalOf(cause).unexpected;
        const requestId = ctx?.from.requestId;
        if (unexpected) onFault(`request ${requestId ?? '-'}, trpc ${path ?? '-'}`, cause, { request_id: requestId });
      },
    }),
  ];
}

/**
 * Authenticates before the adapter reads anything. A refusal applies to all calls of the request, in the form of tRPC.
 */
function authenticated(engine: Engine, log: Log): RequestHandler {
  return async (request, response, next) => {
    try {
      response.locals.caller = await authenticate(engine, request, callsIn(request));
    } catch (thrown) {
      const { error, unexpected } = refusalOf(thrown);
      if (unexpected) throw thrown;
      logRefusal(log, request, response, error);
      const shape = getErrorShape({
        config: appRouter._def._config,
        error: refusalForTrpc(error),
        type: 'unknown',
        path: request.path.slice(1),
        input: undefined,
        ctx: undefined,
      });
      const data = { ...shape.data, requestId: requestIdOf(response) };
      beginRefusal(error, response).json({ error: { ...shape, data } });
      return;
    }
    next();
  };
}

/** Returns the number of calls in a request, counted as the adapter does. */
function callsIn(request: Request): number {
  const isBatch = new URLSearchParams(request.url.split('?', 2)[1]).get('batch') === '1';
  // Commas may be percent-encoded.
  return isBatch ? Math.min(request.path.split(/,|%2c/i).length, batchedCallsMax) : 1;
}
