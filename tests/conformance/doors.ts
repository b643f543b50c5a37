import { join } from 'node:path';
import { createTRPCUntypedClient, httpLink, TRPCClientError } from '@trpc/client';
import { examples, temporaryDirectory } from '../../apps/cli/src/testing.ts';
import { type LocalGateway, serve } from '../../apps/gateway/src/index.ts';
import { BackupSyncError, calls, type ErrorCode, type Problem } from '../../packages/contracts/src/index.ts';
import { createClient } from '../../packages/core/src/index.ts';
import { openEmbeddedEngine } from '../../packages/engine/src/index.ts';
import { cliCall, cliJoined } from './cli-door.ts';
import type { Door } from './door.ts';

const storage = `file:${join(examples, 'buckets')}`;
/** The receiver of the tests is on loopback. */
const hookNetworks = ['127.0.0.1'];
const onFault = (place: string, error: unknown) => {
  throw new Error(`a fault at ${place}`, { cause: error });
};

/** Opens an engine in this process. */
export async function openEngineDoor(): Promise<Door> {
  await using opening = new AsyncDisposableStack();
  const home = opening.use(await temporaryDirectory());
  const engine = opening.use(
    await openEmbeddedEngine({ dataDirectory: join(home.path, 'data'), storage, hookNetworks, onFault }),
  );
  const projectId = engine.identity.project.id;
  const caller = { kind: 'system', name: 'conformance', projectId, role: 'administrator' } as const;
  const owned = opening.move();
  return {
    call: (name, input) =>
      engine.call(name, { caller, requestId: engine.newId() }, { project_id: projectId, ...input }),
    joined: {},
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Opens a server that is called over REST, through the client of core. */
export function openRestDoor(): Promise<Door> {
  return openServed(({ endpoint, projectId, token }) => ({
    joined: {},
    call: async (name, { project_id = projectId, ...input }) => {
      const client = createClient({ endpoint, projectId: project_id, credentials: { token } });
      // The client reads answers leniently, for any cloud. This server's answers are as the table says.
      return (await client.calls[name](input as never)) as never;
    },
  }));
}

/** Opens a server that is called over tRPC, with only the types of the table. */
export function openTrpcDoor(): Promise<Door> {
  return openServed(({ endpoint, projectId, token }) => {
    const headers = { 'X-Auth-Token': token };
    // A list of items does not fit into a URL.
    const link = httpLink({ url: `${endpoint}/trpc`, headers, methodOverride: 'POST' });
    const trpc = createTRPCUntypedClient({ links: [link] });
    return {
      joined: {},
      call: async (name, input) => {
        const fields = { project_id: projectId, ...input };
        try {
          const isQuery = calls[name].kind === 'query';
          return (await (isQuery ? trpc.query(name, fields) : trpc.mutation(name, fields))) as never;
        } catch (error) {
          throw error instanceof TRPCClientError ? refusalOf(error) : error;
        }
      },
    };
  });
}

/** Opens a server that is called by commands with `--json`. */
export function openCliDoor(): Promise<Door> {
  return openServed((gateway) => ({ joined: cliJoined, call: cliCall(gateway) }));
}

async function openServed(make: (gateway: LocalGateway) => Omit<Door, typeof Symbol.asyncDispose>): Promise<Door> {
  await using opening = new AsyncDisposableStack();
  const home = opening.use(await temporaryDirectory());
  const gateway = opening.use(
    await serve({
      dataDirectory: join(home.path, 'data'),
      storage,
      hookNetworks,
      administratorPassword: 'a password of the test',
      host: '127.0.0.1',
      port: 0,
      version: '0.0.0',
      onFault,
    }),
  );
  const owned = opening.move();
  return { ...make(gateway), [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function refusalOf(error: { readonly message: string; readonly data: unknown }): BackupSyncError {
  const { errorCode, problems } = error.data as { errorCode: ErrorCode; problems: Problem[] };
  return new BackupSyncError(errorCode, error.message, { problems, cause: error });
}
