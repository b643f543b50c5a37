import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BackupSyncError,
  consolePath,
  type EndpointFile,
  endpointFile,
  endpointFileName,
} from '@backup-sync/contracts';
import {
  type EmbeddedEngineOptions,
  type Engine,
  type IssuedToken,
  isCatalogueFault,
  openEmbeddedEngine,
  orCatalogueFull,
  systemClock,
} from '@backup-sync/engine';
import { findHolder } from '@backup-sync/engine/catalogue-reader';
import type { ClusterEngine, ClusterEngineOptions } from '@backup-sync/engine/cluster';
import { operatorName } from '@backup-sync/engine/operator-name';
import { findConsole } from './console/find-console.ts';
import type { Admission } from './edges/admission.ts';
import { trustIn } from './edges/caller-address.ts';
import { defaultEdgeLimits, type EdgeLimits } from './edges/edge-limits.ts';
import { createGatewayApp, type GatewayAppOptions } from './gateway-app.ts';
import { checkListen, type Listening, type ListenPlace, listen } from './listen.ts';
import type { MetricsOptions, MetricsPlace, OpenMetrics } from './metrics/open-metrics.ts';

/** The local credential is renewed well before it expires after a day. Milliseconds. */
const renewEveryMs = 12 * 60 * 60 * 1000;

/** Options that can change while a server runs. */
type Changeable = Pick<ListenPlace, 'tls'> & {
  /** Limits that differ from {@link defaultEdgeLimits}. */
  readonly limits?: Partial<EdgeLimits> | undefined;
  /** Addresses and networks (CIDR) of proxies whose `X-Forwarded-For` is trusted (default: none). */
  readonly trustedProxies?: readonly string[] | undefined;
  readonly trustedRoots?: EmbeddedEngineOptions['trustedRoots'];
};

type Served = Pick<GatewayAppOptions, 'version' | 'publicUrl' | 'consoleDirectory'> &
  ListenPlace &
  Changeable & {
    /** Password of the administrator that the first start creates (default: a generated one). */
    readonly administratorPassword?: string | undefined;
    /** Where to serve metrics (default: nowhere). */
    readonly metrics?: (MetricsPlace & Pick<MetricsOptions, 'seriesLimits'>) | undefined;
  };

/** Options of a server on a data directory. */
export type LocalServeOptions = Omit<EmbeddedEngineOptions, 'onDataDirectoryGone'> & Served;

/** Options of a server on a database, which is one node of several. */
type NodeServeOptions = ClusterEngineOptions & Served;

/** Options of {@link serve}. */
export type ServeOptions = LocalServeOptions | NodeServeOptions;

/** A running server. Disposing stops it. */
export type RunningGateway = AsyncDisposable & {
  /** Address of the server, e.g. `http://127.0.0.1:8787`. */
  readonly endpoint: string;
  /** Starts using a renewed certificate; see {@link Listening}. Also happens automatically every minute. */
  readonly renewCertificate: Listening['renewCertificate'];
  /** Uses other options from now on. A server without HTTPS stays without. */
  readonly reconfigure: (changed: Changeable) => Promise<void>;
  /** Lets `/readyz` answer 503, so that load balancers send calls elsewhere. All other calls still work. */
  readonly drain: () => void;
  readonly projectId: string;
  /** The token that commands on the same data directory use; null if the catalogue is in a database. */
  readonly token: string | null;
  /** Address of the web console; null if this build has none. */
  readonly consoleAddress: string | null;
  /** Address of the metrics; null if they are not served. */
  readonly metricsAddress: string | null;
  /** Password of the administrator if this start generated one, otherwise null. */
  readonly generatedPassword: string | null;
  /** Resolves with the reason if the server can no longer work. It then refuses every call and must be disposed. */
  readonly failed: Promise<Error>;
};

/** A running server on a data directory. */
export type LocalGateway = RunningGateway & { readonly token: string };

/**
 * Opens an engine on a data directory or a database, and serves it until disposed. Throws the errors of {@link
 * openEmbeddedEngine} or `openClusterEngine`, and of {@link listen}. Throws `SecretKeyError` if the server has a
 * different key than the one that encrypted the secrets of its access keys.
 */
export function serve(options: LocalServeOptions): Promise<LocalGateway>;
export function serve(options: ServeOptions): Promise<RunningGateway>;
export async function serve(options: ServeOptions): Promise<RunningGateway> {
  await using starting = new AsyncDisposableStack();
  // Before anything is created. If the data directory is held, perhaps by this server, then its error says more.
  await checkListen(options).catch((error: unknown) => {
    if ('database' in options || findHolder(options.dataDirectory) === null) throw error;
  });
  const failed = Promise.withResolvers<Error>();
  const metrics = await beginMetrics(options);
  if (metrics !== null) starting.use(metrics);
  const { engine, node } = await openEngine({ ...options, meter: metrics?.meter }, failed.resolve);
  starting.use(node ?? engine);
  await engine.identity.checkAccessKeys();
  const draining = new AbortController();
  const stopping = new AbortController();
  const limits = { ...defaultEdgeLimits, ...options.limits };
  const clock = ('clock' in options ? options.clock : undefined) ?? systemClock;
  let isTrusted = trustIn(options.trustedProxies ?? []);
  const isTrustedProxy = (address: string | undefined) => isTrusted(address);
  const { publicUrl, consoleDirectory = findConsole() } = options;
  const app = createGatewayApp({
    ...options,
    consoleDirectory,
    engine,
    limits,
    clock,
    isTrustedProxy,
    node,
    draining: draining.signal,
    stopping: stopping.signal,
  });
  const newId = () => engine.newId();
  // Disposed only after the server has stopped listening, so that no command gets a refusal of the credential.
  const credential = 'database' in options ? null : starting.use(new LocalCredential(engine, options));
  const listening = starting.use(await listen(app, { ...options, limits, isTrustedProxy, newId }));
  // Nobody issues certificates for 127.0.0.1, to which local commands connect, so they get plain HTTP.
  const local =
    options.tls === undefined || credential === null
      ? listening
      : starting.use(
          await listen(app, { host: '127.0.0.1', port: 0, limits, isTrustedProxy, newId, onFault: options.onFault }),
        );
  // Streams must be stopped before waiting for answers under way, since they do not end by themselves.
  starting.defer(() => stopping.abort(new BackupSyncError('unavailable', 'the server is stopping')));
  const token = credential === null ? null : await credential.leave(local.endpoint);
  // Last: nothing can fail after this, so a generated password is always shown.
  const generatedPassword = await engine.identity.beginUsers(
    operatorName(),
    options.administratorPassword ?? null,
    ownCall(engine),
  );
  metrics?.begin(engine);
  starting.defer(() => metrics?.stop());
  const running = starting.move();
  return {
    endpoint: listening.endpoint,
    projectId: engine.identity.project.id,
    token,
    consoleAddress:
      consoleDirectory === null ? null : `${publicUrl?.replace(/\/+$/, '') ?? listening.endpoint}${consolePath}`,
    metricsAddress: metrics?.address ?? null,
    generatedPassword,
    failed: failed.promise,
    renewCertificate: listening.renewCertificate,
    async reconfigure(changed) {
      const changedLimits = { ...defaultEdgeLimits, ...changed.limits };
      isTrusted = trustIn(changed.trustedProxies ?? []);
      engine.reconfigure(changed);
      (app.locals.admission as Admission).setLimits(changedLimits);
      const all = new Set([listening, local]);
      for (const each of all) await each.reconfigure({ tls: changed.tls, limits: changedLimits });
    },
    drain: () => draining.abort(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function beginMetrics({ metrics, version, onFault, ...options }: ServeOptions): Promise<OpenMetrics | null> {
  if (metrics === undefined) return null;
  // Loaded only if needed.
  const { openMetrics } = await import('./metrics/open-metrics.ts');
  const dataDirectory = 'database' in options ? null : options.dataDirectory;
  return openMetrics({ ...metrics, version, dataDirectory, onFault });
}

async function openEngine(
  options: ServeOptions,
  onDataDirectoryGone: (error: Error) => void,
): Promise<{ readonly engine: Engine; readonly node: ClusterEngine | null }> {
  if (!('database' in options)) {
    return { engine: await openEmbeddedEngine({ ...options, runsSources: true, onDataDirectoryGone }), node: null };
  }
  const { openClusterEngine } = await import('@backup-sync/engine/cluster');
  const node = await openClusterEngine({ ...options, runsSources: true });
  return { engine: node.engine, node };
}

/** The credential of local commands, in the file with the address of this server. It is renewed regularly. */
class LocalCredential implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #options: Pick<EmbeddedEngineOptions, 'dataDirectory' | 'onFault'>;
  readonly #path: string;
  #issued: IssuedToken | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(engine: Engine, options: Pick<EmbeddedEngineOptions, 'dataDirectory' | 'onFault'>) {
    this.#engine = engine;
    this.#options = options;
    this.#path = join(options.dataDirectory, endpointFileName);
  }

  /** Writes the file and returns the token in it. */
  async leave(endpoint: string): Promise<string> {
    const { token } = await this.#renew(endpoint);
    this.#timer = setInterval(() => {
      this.#renew(endpoint).catch((error: unknown) => this.#options.onFault('renewal of the local credential', error));
    }, renewEveryMs);
    this.#timer.unref();
    return token;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    try {
      if (this.#issued === null) return;
      // Another server may have its own data directory at this path by now.
      if ((await readEndpointFile(this.#path))?.token === this.#issued.token) await rm(this.#path, { force: true });
      await this.#revoke(this.#issued);
    } catch (error) {
      // Stop even if the catalogue cannot be written; the token expires within a day.
      if (!isCatalogueFault(error)) throw error;
    }
  }

  async #renew(endpoint: string): Promise<IssuedToken> {
    const { identity } = this.#engine;
    const before = this.#issued;
    const next = await identity.issueSystemToken(operatorName(), null, ownCall(this.#engine));
    this.#issued = next;
    try {
      await writeOwnerOnly(this.#path, {
        endpoint,
        project_id: next.project.id,
        token: next.token,
        pid: process.pid,
      });
    } catch (error) {
      throw orCatalogueFull(error, this.#options.dataDirectory);
    }
    if (before !== null) await this.#revoke(before);
    return next;
  }

  #revoke({ token, caller }: IssuedToken): Promise<void> {
    return this.#engine.identity.revoke(token, caller, ownCall(this.#engine));
  }
}

/** Origin and request id of calls that the server makes for itself. */
function ownCall(engine: Engine) {
  return { origin: { door: 'engine', address: null }, requestId: engine.newId() } as const;
}

/** Reads the file; null if it is missing or not readable. */
async function readEndpointFile(path: string): Promise<EndpointFile | null> {
  try {
    return endpointFile.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}

/** Writes a temporary file and renames it, so that a reader never sees part of the file. Only its owner can read it. */
async function writeOwnerOnly(path: string, content: EndpointFile): Promise<void> {
  const aside = `${path}.${process.pid}`;
  try {
    await writeFile(aside, `${JSON.stringify(content)}\n`, { mode: 0o600 });
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}
