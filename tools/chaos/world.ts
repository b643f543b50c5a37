import type { KnownBackup } from './backups.ts';
import { CheckedCalls, type Expected } from './checked-calls.ts';
import type { Draws } from './draws.ts';
import { EventFollower } from './event-follower.ts';
import { Report } from './report.ts';
import type { Service } from './service.ts';
import { type Buckets, StorageGate } from './storage-gate.ts';

/** One server or several with their catalogue and storage, and what the harness knows. Rounds share it. */
export type World = AsyncDisposable & {
  readonly gate: StorageGate;
  readonly buckets: Buckets;
  readonly service: Service;
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
  /** Kills a server with SIGKILL, and starts it again. */
  readonly killOne: (draws: Draws) => Promise<void>;
  /** Checks, after a round, what only this kind of world promises. */
  readonly checkOwn: (report: Report) => Promise<void>;
  /** Kills all servers and copies the catalogue to the temporary directory. Returns the path of the copy. */
  readonly keep: () => Promise<string>;
};

/** Opens the storage of a world, empty. */
export async function openGate(): Promise<Pick<World, 'gate' | 'buckets'> & AsyncDisposable> {
  const gate = await StorageGate.open();
  const buckets: Buckets = new Map();
  await gate.store(buckets);
  return { gate, buckets, [Symbol.asyncDispose]: () => gate[Symbol.asyncDispose]() };
}

/** The part of a world that calls a service which listens. */
type Callers = Omit<World, 'gate' | 'buckets' | 'killOne' | 'checkOwn' | 'keep'>;

export async function openCallers(service: Service): Promise<Callers> {
  const expected: Expected = { tokensEnd: false, writesRefused: false };
  const calls = new CheckedCalls(service, expected, new Report());
  const events = await EventFollower.open(service, calls);
  return {
    service,
    calls,
    expected,
    events,
    backups: new Map(),
    deleted: new Set(),
    ended: new Set(),
    sources: new Map(),
    [Symbol.asyncDispose]: () => events[Symbol.asyncDispose](),
  };
}
