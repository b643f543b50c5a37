import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { BackupSyncError, type EndpointFile, endpointFile, endpointFileName } from '@backup-sync/contracts';
import {
  type EmbeddedEngineOptions,
  type Engine,
  type IssuedToken,
  isCatalogueFault,
  openEmbeddedEngine,
  orCatalogueFull,
  systemClock,
} from '@backup-sync/engine';
import { trustIn } from './edges/caller-address.ts';
import { defaultEdgeLimits, type EdgeLimits } from './edges/edge-limits.ts';
import { createGatewayApp, type GatewayAppOptions } from './gateway-app.ts';
import { type Listening, type ListenOptions, listen } from './listen.ts';

/** The local credential is renewed well before its day is over. */
const renewEveryMs = 12 * 60 * 60 * 1000;

export type ServeOptions = Omit<EmbeddedEngineOptions, 'onDataDirectoryGone'> &
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
  /** Resolves with the reason if the server can serve no more: it refuses every call, and is to be disposed of. */
  readonly failed: Promise<Error>;
};

/**
 * Opens the embedded engine and serves it until disposed. Throws what {@link openEmbeddedEngine} and {@link listen} do, and
 * `SecretKeyError` where access keys are there that could not be used, since the key to their secrets is another.
 */
export async function serve(options: ServeOptions): Promise<RunningGateway> {
  await using starting = new AsyncDisposableStack();
  const failed = Promise.withResolvers<Error>();
  const engine = starting.use(
    await openEmbeddedEngine({ ...options, runsSources: true, onDataDirectoryGone: failed.resolve }),
  );
  await engine.identity.checkAccessKeys();
  const stopping = new AbortController();
  const limits = { ...defaultEdgeLimits, ...options.limits };
  const clock = options.clock ?? systemClock;
  const isTrustedProxy = trustIn(options.trustedProxies ?? []);
  const app = createGatewayApp({ ...options, engine, limits, clock, isTrustedProxy, stopping: stopping.signal });
  const newId = () => engine.newId();
  // Released once nobody listens: a command that still holds it is not to be told that it is not valid.
  const credential = starting.use(new LocalCredential(engine, options));
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
  const token = await credential.leave(local.endpoint);
  // Last: nothing can fail after it, so the password is sure to be shown.
  const generatedPassword = await engine.identity.beginUsers(
    userInfo().username,
    options.administratorPassword ?? null,
    ownCall(engine),
  );
  const running = starting.move();
  return {
    endpoint: listening.endpoint,
    projectId: engine.identity.project.id,
    token,
    generatedPassword,
    failed: failed.promise,
    renewCertificate: listening.renewCertificate,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** The credential of local commands, in the file through which they reach this server. It is kept fresh. */
class LocalCredential implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #options: Pick<ServeOptions, 'dataDirectory' | 'onFault'>;
  readonly #path: string;
  #issued: IssuedToken | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(engine: Engine, options: Pick<ServeOptions, 'dataDirectory' | 'onFault'>) {
    this.#engine = engine;
    this.#options = options;
    this.#path = join(options.dataDirectory, endpointFileName);
  }

  /** Writes the file. Answers the token that is in it. */
  async leave(endpoint: string): Promise<string> {
    const { token } = await this.#renew(endpoint);
    this.#timer = setInterval(() => {
      this.#renew(endpoint).catch((error: unknown) => this.#options.onFault('renewing the local credential', error));
    }, renewEveryMs);
    this.#timer.unref();
    return token;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    try {
      if (this.#issued === null) return;
      // Another server may have a data directory of its own at the path by now.
      if ((await readEndpointFile(this.#path))?.token === this.#issued.token) await rm(this.#path, { force: true });
      await this.#revoke(this.#issued);
    } catch (error) {
      // A catalogue that cannot be written is no reason not to stop: the token ends within a day.
      if (!isCatalogueFault(error)) throw error;
    }
  }

  async #renew(endpoint: string): Promise<IssuedToken> {
    const { identity } = this.#engine;
    const before = this.#issued;
    const next = await identity.issueSystemToken(userInfo().username, null, ownCall(this.#engine));
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

/** This program, for its own ends. */
function ownCall(engine: Engine) {
  return { origin: { door: 'engine', address: null }, requestId: engine.newId() } as const;
}

/** Null if there is none that can be read. */
async function readEndpointFile(path: string): Promise<EndpointFile | null> {
  try {
    return endpointFile.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}

/** Written aside and renamed, so that a reader sees the whole file or none. */
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
