import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type CallName, callNames, type EndpointFile, endpointFile, endpointFileName } from '@backup-sync/contracts';
import { type Client, clientOf, createClient, issueToken, type Operations } from '@backup-sync/core';
import type { EmbeddedEngineOptions, Engine } from '@backup-sync/engine';
import type { Environment } from './environment.ts';
import { UsageError } from './failure.ts';
import { readKeystone } from './keystone.ts';

/** The options by which every command says where it works. */
export type ConnectOptions = {
  readonly endpoint?: string | undefined;
  readonly token?: string | undefined;
  readonly project?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly storage?: string | undefined;
};

export type Connection = AsyncDisposable & {
  readonly client: Client;
  /** A token for further calls, where this connection can give one. */
  readonly token: () => Promise<{ readonly token: string; readonly projectId: string }>;
};

/**
 * Connects to the endpoint that options or environment name; without one, to the local catalogue: in this process, or
 * through the server that holds the data directory.
 */
export async function connect(
  options: ConnectOptions,
  environment: Environment,
  onFault: (place: string, error: unknown) => void,
): Promise<Connection> {
  const endpoint = options.endpoint ?? environment.BACKUP_SYNC_ENDPOINT;
  if (endpoint === undefined) return connectLocally(options, environment, onFault);
  const token = options.token ?? environment.BACKUP_SYNC_TOKEN?.reveal();
  const projectId = options.project ?? environment.BACKUP_SYNC_PROJECT;
  if (token === undefined) {
    throw new UsageError('no token: give --token or BACKUP_SYNC_TOKEN; "backup-sync token" fetches one');
  }
  if (projectId === undefined) throw new UsageError('no project: give its id with --project or BACKUP_SYNC_PROJECT');
  return remote({ endpoint, projectId, token });
}

/** What a local command or server works on. */
export function localOptions(
  options: ConnectOptions,
  environment: Environment,
): Omit<EmbeddedEngineOptions, 'onFault' | 'clock'> {
  const dataDirectory = options.dataDir ?? environment.BACKUP_SYNC_DATA_DIR;
  const storage = options.storage ?? environment.BACKUP_SYNC_STORAGE;
  const missing = [
    ...(dataDirectory === undefined ? ['a data directory (--data-dir or BACKUP_SYNC_DATA_DIR)'] : []),
    ...(storage === undefined
      ? ['a storage unit (--storage or BACKUP_SYNC_STORAGE: file:<directory> or s3:<endpoint>)']
      : []),
  ];
  if (dataDirectory === undefined || storage === undefined) {
    throw new UsageError(`give ${missing.join(' and ')}; or name a server with --endpoint or BACKUP_SYNC_ENDPOINT`);
  }
  return {
    dataDirectory,
    storage,
    region: environment.AWS_REGION,
    requestsPerSecond: environment.BACKUP_SYNC_REQUESTS_PER_SECOND,
    requestsInFlight: environment.BACKUP_SYNC_REQUESTS_IN_FLIGHT,
    linkageMaxBytes: environment.BACKUP_SYNC_LINKAGE_MAX_BYTES,
    secretKey: environment.BACKUP_SYNC_SECRET_KEY?.reveal(),
    keystone: readKeystone(environment),
  };
}

async function connectLocally(
  options: ConnectOptions,
  environment: Environment,
  onFault: (place: string, error: unknown) => void,
): Promise<Connection> {
  const local = localOptions(options, environment);
  const { openEmbeddedEngine } = await import('@backup-sync/engine');
  try {
    const engine = await openEmbeddedEngine({ ...local, onFault });
    return inProcess(engine, options.project ?? environment.BACKUP_SYNC_PROJECT);
  } catch (error) {
    const server = await serverHolding(local.dataDirectory, error);
    if (server === null) throw error;
    const projectId = options.project ?? environment.BACKUP_SYNC_PROJECT ?? server.project_id;
    const { endpoint, token } = server;
    // The server's own credential goes with the server: whoever asks gets one that lives on.
    return { ...remote({ endpoint, projectId, token }), token: () => issueToken(endpoint, { token }) };
  }
}

function remote(server: { readonly endpoint: string; readonly projectId: string; readonly token: string }): Connection {
  const { endpoint, projectId, token } = server;
  return {
    client: createClient({ endpoint, projectId, credentials: { token } }),
    token: () => Promise.resolve({ token, projectId }),
    async [Symbol.asyncDispose]() {},
  };
}

function inProcess(engine: Engine, project: string | undefined): Connection {
  const { id: ownProject } = engine.identity.project;
  const projectId = project ?? ownProject;
  const name = userInfo().username;
  // The operator of this machine, in the one project that the data directory has.
  const caller = { kind: 'system', name, projectId: ownProject, role: 'administrator' } as const;
  const origin = { door: 'cli', address: null } as const;
  const call = (verb: CallName) => (input: object) =>
    engine.call(verb, { caller, requestId: engine.newId(), origin }, { ...input, project_id: projectId });
  return {
    // Built from the table, so it has exactly its verbs.
    client: clientOf(Object.fromEntries(callNames.map((verb) => [verb, call(verb)])) as unknown as Operations),
    token: async () => {
      const issued = await engine.identity.issueSystemToken(name);
      return { token: issued.token, projectId: issued.project.id };
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

/** The server that holds the data directory, where that is why it could not be opened. */
async function serverHolding(dataDirectory: string, error: unknown): Promise<EndpointFile | null> {
  if (!(error instanceof Error) || error.name !== 'DataDirectoryInUseError' || !('pid' in error)) return null;
  try {
    const file = endpointFile.parse(JSON.parse(await readFile(join(dataDirectory, endpointFileName), 'utf8')));
    return file.pid === error.pid ? file : null;
  } catch {
    // No server left it, or not yet: the error that brought us here says what is the matter.
    return null;
  }
}
