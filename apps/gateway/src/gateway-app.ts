import { BackupSyncError, errors } from '@backup-sync/contracts';
import type { Clock, Engine } from '@backup-sync/engine';
import { createExpressMiddleware } from '@trpc/server/adapters/express';
import express, { type ErrorRequestHandler, type Express } from 'express';
import helmet from 'helmet';
import { documentationRoutes } from './documentation-routes.ts';
import { Admission } from './edges/admission.ts';
import type { EdgeLimits } from './edges/edge-limits.ts';
import { identityRoutes, openPaths } from './identity-routes.ts';
import { bodyMaxBytes } from './json-body.ts';
import { onlyMethods, refuseOtherMethods } from './only-methods.ts';
import { errorBodyOf, refusalHeaders, refusalOf } from './refusal.ts';
import { authenticate, identifyRequest, requestIdOf, requireHost, whence } from './request-scope.ts';
import { restRoutes } from './rest-routes.ts';
import { signedBody, signedBodyAsText } from './signed-body.ts';
import { appRouter } from './trpc-router.ts';

/** Most calls of one batch of tRPC, which are all made at once. */
const batchedCallsMax = 50;

export type GatewayAppOptions = {
  readonly engine: Engine;
  readonly version: string;
  /** Where callers reach this server, if that is not the address at which it listens: `https://host/path`. */
  readonly publicUrl?: string | undefined;
  readonly limits: EdgeLimits;
  readonly clock: Clock;
  /** Whose `X-Forwarded-For` is believed. */
  readonly isTrustedProxy: (address: string | undefined) => boolean;
  /** Aborted when the server stops: streams end. */
  readonly stopping: AbortSignal;
  /** Told of faults of this program, with the request id that the caller was given. */
  readonly onFault: (place: string, error: unknown) => void;
};

/** The HTTP surface: REST as CBR has it, the same operations over tRPC, identity, health and documentation. */
export function createGatewayApp(options: GatewayAppOptions): Express {
  const { engine, version, publicUrl, stopping, onFault } = options;
  const app: Express = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  // Else a caller could write itself another address, for limits and the audit.
  app.set('trust proxy', options.isTrustedProxy);
  const admission = new Admission(options.limits, options.clock);
  app.locals.admission = admission;
  app.use(identifyRequest(engine));
  app.use(helmet());
  app.use(requireHost);
  // Before any limit: who looks after this server must not take a siege for its end.
  app.get('/healthz', (_request, response) => void response.json({ status: 'ok' }));
  app.get('/readyz', async (_request, response) => {
    await engine.checkReady();
    response.json({ status: 'ready' });
  });
  app.use(admission.admitInFlight);
  app.use(signedBody);

  app.use(['/healthz', '/readyz', '/openapi.json', '/docs'], admission.admitUnknown);
  for (const path of ['/healthz', '/readyz']) refuseOtherMethods(app, path, ['GET']);
  app.use(documentationRoutes({ version }));

  app.use(
    '/trpc',
    // Before its adapter, which fails on methods that browsers forbid.
    onlyMethods(['GET', 'POST']),
    signedBodyAsText,
    createExpressMiddleware({
      router: appRouter,
      maxBodySize: bodyMaxBytes,
      maxBatchSize: batchedCallsMax,
      // A query may carry a list of items, which no address holds.
      allowMethodOverride: true,
      createContext: ({ req, res }) => {
        // A batch asks once for all its calls.
        let caller: ReturnType<typeof authenticate> | undefined;
        return {
          engine,
          stopping,
          from: whence(req, res, 'trpc'),
          authenticate: () => {
            caller ??= authenticate(engine, req);
            return caller;
          },
          authenticateAnew: () => authenticate(engine, req),
        };
      },
      onError: ({ error, ctx, path }) => {
        const cause = error.cause ?? error;
        const unexpected = error.code === 'INTERNAL_SERVER_ERROR' && refusalOf(cause).unexpected;
        if (unexpected) onFault(`request ${ctx?.from.requestId ?? '-'}, trpc ${path ?? '-'}`, cause);
      },
    }),
  );
  for (const path of openPaths) app.all(path, admission.admitUnknown);
  app.post('/v3/auth/tokens', admission.admitUnknown);
  app.use(identityRoutes(engine, publicUrl));
  app.use(restRoutes(engine, stopping));
  app.use(admission.admitUnknown, (request) => {
    throw new BackupSyncError('route_not_found', `there is no ${request.path}`);
  });
  app.use(refuse(onFault));
  return app;
}

function refuse(onFault: GatewayAppOptions['onFault']): ErrorRequestHandler {
  // Express tells an error handler by its four parameters.
  return (thrown, request, response, _next) => {
    const requestId = requestIdOf(response);
    const { error, unexpected } = refusalOf(thrown);
    if (unexpected) onFault(`request ${requestId}, ${request.method} ${request.path}`, thrown);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.status(errors[error.code].httpStatus).set(refusalHeaders(error)).json(errorBodyOf(error, requestId));
  };
}
