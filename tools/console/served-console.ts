import { once } from 'node:events';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { examples, type RunningServer, startServing, temporaryDirectory } from '../../apps/cli/src/testing.ts';
import type { Role } from '../../packages/contracts/src/index.ts';
import { type Client, createClient, issueToken } from '../../packages/core/src/index.ts';

/** The password of every user, and their names by role. */
export const password = 'a password of twelve';
export const userNames: Readonly<Record<Role, string>> = {
  administrator: 'admin',
  operator: 'operator',
  reader: 'reader',
};

/** A real server with the console, on buckets that a test may change. It has a user of each role. */
export type ServedConsole = AsyncDisposable & {
  /** Address of the server, the same after each start. */
  readonly endpoint: string;
  readonly projectId: string;
  /** The directory with the buckets, which begin as those of the examples. */
  readonly buckets: string;
  readonly client: Client;
  /** Stops the server in the way an operator does. */
  stop(): Promise<void>;
  /** Kills the server, so that its connections break. */
  kill(): Promise<void>;
  start(environment?: Readonly<Record<string, string>>): Promise<void>;
};

/** Tests ask more often than people do. */
const environmentOfTests = {
  BACKUP_SYNC_ADMIN_PASSWORD: password,
  BACKUP_SYNC_CALLS_PER_SECOND: '100000',
  BACKUP_SYNC_UNKNOWN_CALLS_PER_SECOND: '100000',
};

/** Starts a server on a copy of the examples' buckets. Its catalogue is empty. */
export async function serveConsole(): Promise<ServedConsole> {
  await using opening = new AsyncDisposableStack();
  const home = opening.use(await temporaryDirectory());
  const buckets = join(home.path, 'buckets');
  await mkdir(buckets);
  await cp(join(examples, 'buckets'), buckets, { recursive: true, preserveTimestamps: true });
  const options = ['--data-dir', join(home.path, 'data'), '--storage', `file:${buckets}`];
  let server = await startServing(options, environmentOfTests);
  opening.defer(() => server[Symbol.asyncDispose]());
  const { endpoint, projectId } = server;
  const listen = ['--listen', new URL(endpoint).host];

  const { token } = await issueToken(endpoint, { user: userNames.administrator, password });
  const client = createClient({ endpoint, projectId, credentials: { token } });
  for (const role of ['operator', 'reader'] as const) {
    await client.calls.createUser({ name: userNames[role], password });
    await client.calls.grantRole({ user_name: userNames[role], target_project_id: projectId, role });
  }
  const owned = opening.move();
  return {
    endpoint,
    projectId,
    buckets,
    client,
    stop: async () => await server[Symbol.asyncDispose](),
    kill: () => killed(server),
    async start(environment = {}) {
      server = await startServing([...options, ...listen], { ...environmentOfTests, ...environment });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function killed({ process: child }: RunningServer): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}
