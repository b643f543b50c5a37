import { join } from 'node:path';
import type { KnownBackup } from './backups.ts';
import { administrator, CheckedCalls, type Expected } from './checked-calls.ts';
import { EventFollower } from './event-follower.ts';
import { Report } from './report.ts';
import { ServerProcess } from './server-process.ts';
import { type Buckets, StorageGate } from './storage-gate.ts';
import { openVolume, type Volume } from './volume.ts';

/** A server with its data directory and storage, and what the harness knows. Rounds share it. */
export type World = AsyncDisposable & {
  readonly volume: Volume;
  readonly dataDirectory: string;
  readonly gate: StorageGate;
  readonly buckets: Buckets;
  readonly server: ServerProcess;
  readonly calls: CheckedCalls;
  readonly expected: Expected;
  readonly events: EventFollower;
  /** All backups generated so far, by id. */
  readonly backups: Map<string, KnownBackup>;
  /** Backups that were deleted from the catalogue. */
  readonly deleted: Set<string>;
  /** Operations that have ended. */
  readonly ended: Set<string>;
  /** Ids of the sources, by the bucket that they watch. */
  readonly sources: Map<string, string>;
};

export async function openWorld(): Promise<World> {
  await using opening = new AsyncDisposableStack();
  const volume = opening.use(await openVolume());
  const gate = opening.use(await StorageGate.open());
  const buckets: Buckets = new Map();
  await gate.store(buckets);
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
  const expected: Expected = { tokensEnd: false, writesRefused: false };
  const calls = new CheckedCalls(server, expected, new Report());
  const events = opening.use(await EventFollower.open(server, calls));
  const owned = opening.move();
  return {
    volume,
    dataDirectory,
    gate,
    buckets,
    server,
    calls,
    expected,
    events,
    backups: new Map(),
    deleted: new Set(),
    ended: new Set(),
    sources: new Map(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
