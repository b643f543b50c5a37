import type { BackupSync, WaitingFor } from '@backup-sync/contracts';
import type { Client } from '@backup-sync/core';
import { syncInterrupted, type Worker } from '../interruption.ts';
import { showSyncProgress } from '../sync-progress.ts';
import { SyncTally } from '../sync-tally.ts';
import type { CommandContext } from './command-context.ts';
import type { SyncResults } from './sync-results.ts';

/** A sync of which nothing has ended for so long asks why. Milliseconds. */
const asksEveryMs = 3_000;

/** As many places are kept: of more items there is no table. */
const placesMax = 1000;

export type FollowOptions = {
  /** How many items there are; null where they are read as they come. */
  readonly total: number | null;
  readonly withAncestors: boolean;
  /** `placeOf` says where an operation's item stood in the input, for the first {@link placesMax}. */
  readonly openResults: (tally: SyncTally, placeOf: (operationLogId: string) => number) => SyncResults;
};

/**
 * Syncs the items and follows them to their end, in memory that does not grow with them. What ended is told of even
 * where the sync fails on its way, or is interrupted.
 *
 * Throws `InterruptedError` on Ctrl-C.
 */
export async function followSync(
  { terminal, signal }: CommandContext,
  worker: Worker,
  items: Iterable<BackupSync> | AsyncIterable<BackupSync>,
  { total, withAncestors, openResults }: FollowOptions,
): Promise<SyncTally> {
  const { client } = worker;
  const tally = new SyncTally();
  const places = new Map<string, number>();
  const results = openResults(tally, (id) => places.get(id) ?? 0);
  async function* accepted() {
    for await (const item of client.syncBackups(items, { signal, withAncestors })) {
      tally.accepted += 1;
      if (places.size < placesMax) places.set(item.operation_log_id, item.index);
      yield item;
    }
  }
  const progress = showSyncProgress(terminal, tally, total);
  using _watch = watchWaits(client, tally, (waitingFor) => progress.waits(waitingFor));
  try {
    for await (const log of client.waitFor(accepted(), { signal })) {
      tally.add(log);
      await results.add(log);
      progress.ended(log);
    }
  } catch (error) {
    throw signal.aborted ? syncInterrupted(tally, total, worker) : error;
  } finally {
    progress.stop();
    await results.finish();
  }
  return tally;
}

/** Tells what operations wait for while none of the sync's ends; null as soon as one does. */
function watchWaits(client: Client, tally: SyncTally, tell: (waitingFor: WaitingFor | null) => void): Disposable {
  let endedBefore = tally.ended;
  const ask = async () => {
    const stands = tally.ended === endedBefore && tally.accepted > tally.ended;
    endedBefore = tally.ended;
    if (!stands) return tell(null);
    const { operations } = await client.calls.listOperations({ kind: ['import'], status: ['waiting'], limit: 50 });
    tell(operations.find(({ waiting_for }) => waiting_for !== null)?.waiting_for ?? null);
  };
  const timer = setInterval(() => {
    // Only for show: other services do not have this call.
    ask().catch(() => {});
  }, asksEveryMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
