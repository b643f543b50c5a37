import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BackupSyncError,
  type EndpointFile,
  endpointFile,
  endpointFileName,
  type UnaryCallName,
  unaryCallNames,
} from '@backup-sync/contracts';
import {
  type CallOptions,
  type Calls,
  type Client,
  clientOf,
  createClient,
  type HttpOptions,
  issueToken,
} from '@backup-sync/core';
import type { EmbeddedEngineOptions, Engine, EngineOptions } from '@backup-sync/engine';
import type { CatalogueQuery } from '@backup-sync/engine/catalogue-reader';
import type { ClusterEngineOptions } from '@backup-sync/engine/cluster';
import { parseDatabaseAddress } from '@backup-sync/engine/database-address';
import { operatorName } from '@backup-sync/engine/operator-name';
import { revealed } from './credentials.ts';
import { type Environment, Secret } from './environment.ts';
import { UsageError } from './failure.ts';
import { storageForms } from './global-options.ts';
import { httpOptions } from './http-options.ts';
import { readKeystone } from './keystone.ts';
import { storageEnvironment } from './network.ts';
import { readTrustedRoots } from './read-certificates.ts';
import { readSecretVariable } from './secret-variable.ts';
import { type ConnectOptions, databaseOf, resolveTarget, type Target } from './target.ts';

/** A connection for commands that only read the catalogue. */
export type CatalogueConnection = AsyncDisposable & {
  readonly client: Pick<Client, 'allBackups' | 'allOperationLogs' | 'followOperation' | 'watchOperations'> & {
    readonly calls: Pick<Calls, CatalogueQuery>;
  };
};

export type Connection = AsyncDisposable & {
  readonly client: Client;
  /** Whether a server does the work, and continues when this process ends. If not, this process does the work. */
  readonly isServer: boolean;
  /** Returns a token for further calls. Throws {@link UsageError} if the connection signs its requests instead. */
  readonly token: () => Promise<{ readonly token: string; readonly projectId: string }>;
};

/**
 * How a command uses a local catalogue. `make` creates one if there is none. `change` requires one: a mistyped
 * directory must not become a new catalogue. `plan` uses a temporary empty one if there is none, and refuses one of an
 * older release instead of upgrading it.
 */
export type CatalogueUse = 'make' | 'change' | 'plan';

type Server = Pick<Extract<Target, { kind: 'server' }>, 'endpoint' | 'projectId' | 'credentials'>;

/** A command on a database is a node while it runs: it answers no calls, and does the work that it causes. */
const oneCommand = { serves: false, works: true } as const;

/**
 * Connects to the server that the options, the environment or a profile name. If there is none, works on the local
 * catalogue: in this process, or through the server that has the data directory open.
 */
export async function connect(
  options: ConnectOptions,
  environment: Environment,
  onFault: (place: string, error: unknown) => void,
  use: CatalogueUse = 'change',
): Promise<Connection> {
  const target = await resolveTarget(options, environment);
  const http = await httpOptions(options, environment);
  if (target.kind === 'server') return remote(target, http);
  if (target.kind === 'database') {
    const { openClusterEngine } = await import('@backup-sync/engine/cluster');
    const node = await openClusterEngine({ ...databaseOptions(options, environment), ...oneCommand, onFault });
    return await inProcess(node.engine, target.projectId);
  }
  const local = localOptions(options, environment);
  const { openEmbeddedEngine } = await import('@backup-sync/engine');
  await using opening = new AsyncDisposableStack();
  let { dataDirectory } = local;
  const isPlan = use === 'plan';
  if (isPlan && (await isMissingOrEmpty(dataDirectory))) {
    dataDirectory = await mkdtemp(join(tmpdir(), 'backup-sync-'));
    opening.defer(() => rm(dataDirectory, { recursive: true, force: true }));
  }
  try {
    const may = { mayMigrate: !isPlan, mayMake: use !== 'change' };
    const engine = await openEmbeddedEngine({ ...local, dataDirectory, onFault, ...may });
    const connection = opening.use(await inProcess(engine, target.projectId));
    const opened = opening.move();
    return { ...connection, [Symbol.asyncDispose]: () => opened.disposeAsync() };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'DataDirectoryInUseError' || !('pid' in error)) throw error;
    const server = await serverAt(target.dataDirectory, error.pid);
    if (server === null) throw error;
    return throughServer(server, target.projectId, http);
  }
}

/**
 * Like {@link connect}, for a command that only reads the catalogue. A local catalogue must exist. It opens in a
 * fraction of the time, even while another process works on it.
 */
export async function connectToCatalogue(
  options: ConnectOptions,
  environment: Environment,
): Promise<CatalogueConnection> {
  const target = await resolveTarget(options, environment);
  const http = await httpOptions(options, environment);
  if (target.kind === 'server') return remote(target, http);
  const { openCatalogueReader, findHolder } = await import('@backup-sync/engine/catalogue-reader');
  const keystone = readKeystone(environment);
  if (target.kind === 'database') {
    const place = parseDatabaseAddress(target.database.reveal(), target.from.database);
    const { calls, opened } = await asOperator(await openCatalogueReader({ place, keystone }), target.projectId);
    return { client: clientOf(calls), [Symbol.asyncDispose]: () => opened.disposeAsync() };
  }
  const holder = findHolder(target.dataDirectory);
  const server = holder === null ? null : await serverAt(target.dataDirectory, holder.pid);
  if (server !== null) return throughServer(server, target.projectId, http);
  const reader = await openCatalogueReader({
    place: target.dataDirectory,
    keystone,
  });
  const { calls, opened } = await asOperator(reader, target.projectId);
  return { client: clientOf(calls), [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Like {@link connect}, for a plan of a list: it does not wait for a process that works on the data directory. */
export async function connectToPlan(
  options: ConnectOptions,
  environment: Environment,
  onFault: (place: string, error: unknown) => void,
): Promise<AsyncDisposable & { readonly client: Pick<Client, 'planBackups'> }> {
  try {
    return await connect(options, environment, onFault, 'plan');
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'DataDirectoryInUseError') throw error;
    const { dataDirectory, keystone, trustedRoots, ...storage } = localOptions(options, environment);
    const { openCatalogueToPlan } = await import('@backup-sync/engine/catalogue-reader');
    const reader = await openCatalogueToPlan({ place: dataDirectory, keystone, storage, trustedRoots });
    const { calls, opened } = await asOperator(reader, options.project ?? environment.BACKUP_SYNC_PROJECT);
    return { client: clientOf(calls), [Symbol.asyncDispose]: () => opened.disposeAsync() };
  }
}

/**
 * Options of the engine for a local command or server. Throws {@link UsageError} if no data directory or storage is
 * given.
 */
export function localOptions(
  options: ConnectOptions,
  environment: Environment,
  remedy = ': set it, or name a server with --endpoint or BACKUP_SYNC_ENDPOINT',
): Omit<EmbeddedEngineOptions, 'onFault' | 'clock'> {
  const dataDirectory = options.dataDir ?? environment.BACKUP_SYNC_DATA_DIR;
  const missing = dataDirectory === undefined ? ['data directory (--data-dir or BACKUP_SYNC_DATA_DIR)'] : [];
  const work = workOptions(options, environment, missing, remedy);
  if (dataDirectory === undefined) throw notGiven(missing, remedy);
  return { ...work, dataDirectory, command: options.command };
}

/** Options of the engine for a command or server on a database. Throws {@link UsageError} and `DatabaseError`. */
export function databaseOptions(
  options: ConnectOptions,
  environment: Environment,
  remedy = '',
): Pick<ClusterEngineOptions, 'database'> & ReturnType<typeof workOptions> {
  const given = databaseOf(options, environment);
  const missing = given === null ? ['database (--database or BACKUP_SYNC_DATABASE_URL)'] : [];
  const work = workOptions(options, environment, missing, remedy);
  if (given === null) throw notGiven(missing, remedy);
  return { ...work, database: parseDatabaseAddress(given.value.reveal(), given.origin) };
}

/** How long old records are kept. */
function retentionOf(environment: Environment): EngineOptions['retention'] {
  const keptMs = (given: number | 'forever' | undefined) => (typeof given === 'number' ? given * 1000 : given);
  return {
    operationsMs: keptMs(environment.BACKUP_SYNC_KEEP_OPERATIONS),
    findingsMs: keptMs(environment.BACKUP_SYNC_KEEP_FINDINGS),
    verificationsMs: keptMs(environment.BACKUP_SYNC_KEEP_VERIFICATIONS),
    auditMs: keptMs(environment.BACKUP_SYNC_KEEP_AUDIT),
  };
}

/** The options of work on storage, wherever the catalogue is. `missing` names what else is not given. */
function workOptions(
  options: ConnectOptions,
  environment: Environment,
  missing: readonly string[],
  remedy: string,
): Omit<EngineOptions, 'onFault'> & Pick<EmbeddedEngineOptions, 'storageMoved' | 'secretKey'> {
  const storage = options.storage ?? environment.BACKUP_SYNC_STORAGE;
  if (storage === undefined) {
    throw notGiven([...missing, `storage unit (--storage or BACKUP_SYNC_STORAGE: ${storageForms()})`], remedy);
  }
  return {
    storage,
    storageMoved: options.storageMoved,
    environment: storageEnvironment(options, environment),
    requestsPerSecond: environment.BACKUP_SYNC_REQUESTS_PER_SECOND,
    requestsInFlight: environment.BACKUP_SYNC_REQUESTS_IN_FLIGHT,
    linkageMaxBytes: environment.BACKUP_SYNC_LINKAGE_MAX_BYTES,
    trustedRoots: readTrustedRoots(environment),
    retryForMs: environment.BACKUP_SYNC_RETRY_FOR === undefined ? undefined : environment.BACKUP_SYNC_RETRY_FOR * 1000,
    backlogMax: environment.BACKUP_SYNC_BACKLOG,
    retention: retentionOf(environment),
    hookNetworks: environment.BACKUP_SYNC_HOOK_NETWORKS,
    secretKey: readSecretVariable(environment, 'BACKUP_SYNC_SECRET_KEY')?.reveal(),
    keystone: readKeystone(environment),
  };
}

function notGiven(missing: readonly string[], remedy: string): UsageError {
  return new UsageError(`no ${missing.join(' and no ')} is given${remedy}`);
}

/** The server's own token is for one project and ends with the server: for anything else, a token is issued with it. */
async function throughServer(
  server: EndpointFile,
  project: string | undefined,
  http: HttpOptions,
): Promise<Connection> {
  const { endpoint, project_id, token } = server;
  const exchange = (id: string) => issueToken(endpoint, { token, project: { id } }, http);
  /** The server refuses an unknown project like a bad token. If the token is good, the project does not exist. */
  const tokenOf = async (id: string) => {
    try {
      return await exchange(id);
    } catch (error) {
      if (!(error instanceof BackupSyncError) || error.code !== 'not_authenticated') throw error;
      await exchange(project_id);
      throw new BackupSyncError('project_not_found', `there is no project ${JSON.stringify(id)}`, { cause: error });
    }
  };
  const own =
    project === undefined || project === project_id ? { token, projectId: project_id } : await tokenOf(project);
  const credentials = { kind: 'token', token: new Secret(own.token) } as const;
  return {
    ...remote({ endpoint, projectId: own.projectId, credentials }, http),
    token: () => exchange(own.projectId),
  };
}

function remote({ endpoint, projectId, credentials }: Server, http: HttpOptions): Connection {
  return {
    client: createClient({ ...http, endpoint, projectId, credentials: revealed(credentials) }),
    isServer: true,
    token: async () => {
      if (credentials.kind === 'token') return { token: credentials.token.reveal(), projectId };
      throw new UsageError(
        `access key ${credentials.accessKey} signs requests and has no token: for the token of a user with a ` +
          'password, give --endpoint and --user',
      );
    },
    async [Symbol.asyncDispose]() {},
  };
}

async function inProcess(engine: Engine, project: string | undefined): Promise<Connection> {
  const { calls, caller, from, opened } = await asOperator(engine, project);
  const { name, projectId } = caller;
  return {
    client: clientOf(calls),
    isServer: false,
    token: async () => {
      const { token } = await engine.identity.issueSystemToken(name, projectId, from());
      return { token, projectId };
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** The part of this process that answers calls: an engine, or a reader, which answers only some of them. */
type InProcess = AsyncDisposable & {
  readonly identity: Pick<Engine['identity'], 'operator'>;
  newId(): string;
  call(name: UnaryCallName, from: Parameters<Engine['call']>[1], fields: unknown): Promise<unknown>;
};

/** Calls as the operator of this machine, in the oldest project if none is named. Closes the engine if it fails. */
async function asOperator(engine: InProcess, project: string | undefined) {
  await using opening = new AsyncDisposableStack();
  opening.use(engine);
  const caller = await engine.identity.operator(operatorName(), project ?? null);
  const from = () => ({ requestId: engine.newId(), origin: { door: 'cli', address: null } }) as const;
  const call =
    (name: UnaryCallName) =>
    (input: object, { signal }: CallOptions = {}) =>
      untilAborted(engine.call(name, { caller, ...from() }, { ...input, project_id: caller.projectId }), signal);
  return {
    // Built from the table, so it has exactly its calls.
    calls: Object.fromEntries(unaryCallNames.map((name) => [name, call(name)])) as unknown as Calls,
    caller,
    from,
    opened: opening.move(),
  };
}

/** Waits for the answer until the signal is aborted, and then throws the signal's reason. */
function untilAborted<Answer>(answer: Promise<Answer>, signal: AbortSignal | undefined): Promise<Answer> {
  if (signal === undefined) return answer;
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const stop = () => reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  return promise;
}

async function isMissingOrEmpty(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).length === 0;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}

/** The server in the process that has the data directory open; null if that process is not a server. */
async function serverAt(dataDirectory: string, pid: unknown): Promise<EndpointFile | null> {
  try {
    const file = endpointFile.parse(JSON.parse(await readFile(join(dataDirectory, endpointFileName), 'utf8')));
    return file.pid === pid ? file : null;
  } catch {
    // No server has written the file, or not yet.
    return null;
  }
}
