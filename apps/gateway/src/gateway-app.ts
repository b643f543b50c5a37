import { BackupSyncError, consolePath, errors } from '@backup-sync/contracts';
import { type Clock, type Engine, type Log, noLog, type OnFault } from '@backup-sync/engine';
import type { ClusterEngine } from '@backup-sync/engine/cluster';
import express, { type ErrorRequestHandler, type Express, type Request } from 'express';
import helmet from 'helmet';
import { cbrRoutes } from './cbr-routes.ts';
import { consolePages } from './console/console-pages.ts';
import { readSession } from './console/session-cookie.ts';
import { sessionRoutes } from './console/session-routes.ts';
import { documentationRoutes } from './documentation-routes.ts';
import { Admission, admissionOf } from './edges/admission.ts';
import type { EdgeLimits } from './edges/edge-limits.ts';
import { identityRoutes, openPaths } from './identity-routes.ts';
import { logRefusal } from './log-refusal.ts';
import { refuseOtherMethods } from './only-methods.ts';
import type { KnownAddresses } from './public-address.ts';
import { beginRefusal, errorBodyOf, refusalOf } from './refusal.ts';
import { identifyRequest, requestIdOf, requireHost } from './request-scope.ts';
import { restRoutes } from './rest-routes.ts';
import { dropUnsignedPlace, signedBody } from './signed-body.ts';
import { trpcDoor } from './trpc-door.ts';

/** Options of {@link createGatewayApp}. */
export type GatewayAppOptions = {
  readonly engine: Engine;
  readonly version: string;
  /** Address at which callers reach this server, if it differs from the listening address: `https://host/path`. */
  readonly publicUrl?: string | undefined;
  /** Whether a proxy in front handles TLS. */
  readonly behindTlsProxy?: boolean | undefined;
  /** Directory of the built console (default: none). */
  readonly consoleDirectory?: string | null | undefined;
  readonly limits: EdgeLimits;
  readonly clock: Clock;
  /** The node that the engine is, if it shares a database with others. */
  readonly node?: Pick<ClusterEngine, 'callCounts' | 'servingNodes' | 'eventLagMs'> | null;
  /** Whether to trust the `X-Forwarded-For` of this address. */
  readonly isTrustedProxy: (address: string | undefined) => boolean;
  /** Aborted when the server is about to stop: it answers calls, but says that it is not ready for more. */
  readonly draining: AbortSignal;
  /** Aborted when the server stops; streams then end. */
  readonly stopping: AbortSignal;
  readonly onFault: OnFault;
  /** The log of the server (default: none). */
  readonly log?: Log | undefined;
};

/**
 * Creates the HTTP application: the CBR REST API, the same calls over tRPC, identity, the web console, health and
 * documentation.
 */
export function createGatewayApp(options: GatewayAppOptions): Express {
  const { engine, version, publicUrl, stopping, onFault, log = noLog } = options;
  const app: Express = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  // Otherwise a caller could give itself another address in the limits and the audit.
  app.set('trust proxy', options.isTrustedProxy);
  const { node = null } = options;
  const others = node === null ? null : { counts: node.callCounts, liveNodes: node.servingNodes };
  const admission = new Admission(options.limits, options.clock, others);
  app.locals.admission = admission;
  app.locals.addresses = {
    publicUrl,
    outsideUrl: engine.identity.outsideUrl,
    behindTlsProxy: options.behindTlsProxy ?? false,
  } satisfies KnownAddresses;
  app.use(identifyRequest(engine));
  app.use(helmet());
  app.use(requireHost);
  // Before any limit: health checks must succeed even while the server is overloaded.
  app.get('/healthz', (_request, response) => void response.json({ status: 'ok' }));
  app.get('/readyz', async (_request, response) => {
    if (options.draining.aborted) throw new BackupSyncError('unavailable', 'the server is about to stop');
    await engine.checkReady();
    response.json({ status: 'ready', ...(node !== null && { event_lag_ms: await node.eventLagMs() }) });
  });
  app.use(['/trpc', consolePath], readSession);
  app.use(admission.admitInFlight);
  app.use(dropUnsignedPlace, signedBody);

  app.use(['/healthz', '/readyz', '/openapi.json', '/docs'], admission.admitUnknown);
  for (const path of ['/healthz', '/readyz']) refuseOtherMethods(app, path, ['GET']);
  app.use(documentationRoutes({ version }));

  app.use('/trpc', ...trpcDoor(engine, stopping, { onFault, log }));
  for (const path of openPaths) app.all(path, admission.admitUnknown);
  app.post(['/v3/auth/tokens', `${consolePath}/session`], admission.admitUnknown);
  app.use(consolePages({ directory: options.consoleDirectory ?? null, publicUrl }));
  app.use(sessionRoutes({ engine, version, clock: options.clock }));
  app.use(identityRoutes(engine));
  // Before the routes of the table, since these refuse every other method on their paths.
  app.use(cbrRoutes(engine));
  app.use(restRoutes(engine, stopping));
  app.use(admission.admitUnknown, (request) => {
    throw new BackupSyncError('route_not_found', `this server has no path ${request.path}`);
  });
  app.use(refuse({ onFault, log }));
  return app;
}

function refuse({ onFault, log }: { readonly onFault: OnFault; readonly log: Log }): ErrorRequestHandler {
  // Express recognises an error handler by its four parameters.
  return async (thrown, request, response, _next) => {
    const requestId = requestIdOf(response);
    const { error, unexpected } = refusalOf(await counted(request, thrown));
    if (unexpected)
      onFault(`request ${requestId}, ${request.method} ${request.path}`, thrown, { request_id: requestId });
    else logRefusal(log, request, response, error);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    beginRefusal(error, response).json(errorBodyOf(error, requestId));
  };
}

/**
 * Counts a call that was refused before its caller was known. Returns the refusal, or `throttled` if it is one too
 * many.
 */
async function counted(request: Request, thrown: unknown): Promise<unknown> {
  const { code } = refusalOf(thrown).error;
  if (code === 'throttled' || errors[code].httpStatus >= 500) return thrown;
  try {
    await admissionOf(request).countUnknown(request);
    return thrown;
  } catch (tooMany) {
    return tooMany;
  }
}
