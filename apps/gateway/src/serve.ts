import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { BackupSyncError, type EndpointFile, endpointFileName } from '@backup-sync/contracts';
import {
  type EmbeddedEngineOptions,
  type Engine,
  type IssuedToken,
  openEmbeddedEngine,
  systemClock,
} from '@backup-sync/engine';
import { trustIn } from './edges/caller-address.ts';
import { defaultEdgeLimits, type EdgeLimits } from './edges/edge-limits.ts';
import { createGatewayApp, type GatewayAppOptions } from './gateway-app.ts';
import { type Listening, type ListenOptions, listen } from './listen.ts';

/** The local credential is renewed well before its day is over. */
const renewEveryMs = 12 * 60 * 60 * 1000;

export type ServeOptions = EmbeddedEngineOptions &
  Pick<GatewayAppOptions, 'version' | 'publicUrl'> &
  Pick<ListenOptions, 'host' | 'port' | 'tls' | 'behindTlsProxy'> & {
    /** Those of {@link defaultEdgeLimits} that are to be others. */
    readonly limits?: Partial<EdgeLimits> | undefined;
    /** Addresses and networks (CIDR) of proxies whose `X-Forwarded-For` is believed; none where it is not said. */
    readonly trustedProxies?: readonly string[] | undefined;
    /** Password of the administrator that the first start makes; generated where there is none. */
    readonly administratorPassword?: string | undefined;
  };

export type RunningGateway = AsyncDisposable & {
  readonly endpoint: string;
  /** See {@link Listening}; it happens by itself every minute. */
  readonly renewCertificate: Listening['renewCertificate'];
  readonly projectId: string;
  /** A token for this machine's operator, as commands on the same data directory use it. */
  readonly token: string;
  /** The administrator's password where the first start generated one. */
  readonly generatedPassword: string | null;
};

/**
 * Opens the embedded engine and serves it until disposed. Throws what {@link openEmbeddedEngine} and {@link listen} do, and
 * `SecretKeyError` where access keys are there that could not be used, since the key to their secrets is another.
 */
export async function serve(options: ServeOptions): Promise<RunningGateway> {
  await using starting = new AsyncDisposableStack();
  const engine = starting.use(await openEmbeddedEngine({ ...options, runsSources: true }));
  await engine.identity.checkAccessKeys();
  const stopping = new AbortController();
  const limits = { ...defaultEdgeLimits, ...options.limits };
  const clock = options.clock ?? systemClock;
  const isTrustedProxy = trustIn(options.trustedProxies ?? []);
  const app = createGatewayApp({ ...options, engine, limits, clock, isTrustedProxy, stopping: stopping.signal });
  const newId = () => engine.newId();
  const listening = starting.use(await listen(app, { ...options, limits, isTrustedProxy, newId }));
  // Commands on this machine know the address, which is no name that a certificate is made for.
  const local =
    options.tls === undefined
      ? listening
      : starting.use(
          await listen(app, { host: '127.0.0.1', port: 0, limits, isTrustedProxy, newId, onFault: options.onFault }),
        );
  // Before the answers under way are waited for: these would not end by themselves.
  starting.defer(() => stopping.abort(new BackupSyncError('unavailable', 'the server is stopping')));
  // Once it is sure to be shown: the address is ours by now.
  const generatedPassword = await engine.identity.beginUsers(
    userInfo().username,
    options.administratorPassword ?? null,
    ownCall(engine),
  );
  const credential = starting.use(await leaveEndpointFile(engine, options, local.endpoint));
  const running = starting.move();
  return {
    endpoint: listening.endpoint,
    projectId: engine.identity.project.id,
    token: credential.token,
    generatedPassword,
    renewCertificate: listening.renewCertificate,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Leaves the file through which local commands reach this server, and keeps its credential fresh. */
async function leaveEndpointFile(
  engine: Engine,
  options: ServeOptions,
  endpoint: string,
): Promise<AsyncDisposable & { readonly token: string }> {
  const path = join(options.dataDirectory, endpointFileName);
  let issued = await renew(null);
  const timer = setInterval(() => {
    renew(issued).then(
      (next) => {
        issued = next;
      },
      (error: unknown) => options.onFault('renewing the local credential', error),
    );
  }, renewEveryMs);
  timer.unref();
  return {
    token: issued.token,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await rm(path, { force: true });
      await revoke(issued);
    },
  };

  async function renew(before: IssuedToken | null): Promise<IssuedToken> {
    const next = await engine.identity.issueSystemToken(userInfo().username, null, ownCall(engine));
    await writeOwnerOnly(path, { endpoint, project_id: next.project.id, token: next.token, pid: process.pid });
    if (before !== null) await revoke(before);
    return next;
  }

  function revoke({ token, caller }: IssuedToken): Promise<void> {
    return engine.identity.revoke(token, caller, ownCall(engine));
  }
}

/** This program, for its own ends. */
function ownCall(engine: Engine) {
  return { origin: { door: 'engine', address: null }, requestId: engine.newId() } as const;
}

/** Written aside and renamed, so that a reader sees the whole file or none. */
async function writeOwnerOnly(path: string, content: EndpointFile): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
  const aside = `${path}.${process.pid}`;
  await writeFile(aside, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  await rename(aside, path);
}
