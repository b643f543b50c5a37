import type { BackupSync, WaitingFor } from '@backup-sync/contracts';
import type { Client } from '@backup-sync/core';
import { syncInterrupted, type Worker } from '../interruption.ts';
import { showSyncProgress } from '../sync-progress.ts';
import { SyncTally } from '../sync-tally.ts';
import type { CommandContext } from './command-context.ts';
import type { SyncResults } from './sync-results.ts';

/** Time without an ended operation after which a sync asks what it waits for. */
const asksEveryMs = 3_000;

/** Maximum number of places kept: with more items, there is no table. */
const placesMax = 1000;

export type FollowOptions = {
  /** Number of items; null if they are read as they arrive. */
  readonly total: number | null;
  readonly withAncestors: boolean;
  /** `placeOf` gives the position of an operation's item in the input, for the first {@link placesMax} items. */
  readonly openResults: (tally: SyncTally, placeOf: (operationLogId: string) => number) => SyncResults;
};

/**
 * Syncs the items and follows the operations to their end. Memory does not grow with their number. Prints results even
 * if the sync fails or is interrupted in the middle. Throws `InterruptedError` on Ctrl-C.
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

/** Reports why operations wait while none of them ends; reports null when one does. */
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
    // Errors are ignored: it is only for display, and other services do not have this call.
    ask().catch(() => {});
  }, asksEveryMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
