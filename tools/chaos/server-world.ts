import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { administrator } from './checked-calls.ts';
import { ServerProcess } from './server-process.ts';
import { openVolume, type Volume } from './volume.ts';
import { openCallers, openGate, type World } from './world.ts';

/** A world of one server on a data directory. */
export type ServerWorld = World & {
  readonly volume: Volume;
  readonly dataDirectory: string;
  readonly server: ServerProcess;
};

export async function openServerWorld(): Promise<ServerWorld> {
  await using opening = new AsyncDisposableStack();
  const volume = opening.use(await openVolume());
  const { gate, buckets } = opening.use(await openGate());
  const dataDirectory = join(volume.path, 'data');
  const server = opening.use(
    new ServerProcess({
      dataDirectory,
      storage: gate.specification,
      port: 0,
      administratorPassword: administrator.password,
    }),
  );
  await server.start();
  const callers = opening.use(await openCallers(server));
  const owned = opening.move();
  return {
    ...callers,
    volume,
    dataDirectory,
    gate,
    buckets,
    server,
    killOne: async () => {
      await server.kill();
      await server.start();
    },
    checkOwn: async () => {},
    keep: async () => {
      await server.kill();
      const kept = await mkdtemp(join(tmpdir(), 'backup-sync-chaos-kept-'));
      await cp(dataDirectory, kept, { recursive: true });
      return kept;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
