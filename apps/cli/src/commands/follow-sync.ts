import type { BackupSync } from '@backup-sync/contracts';
import type { Client } from '@backup-sync/core';
import { interruptedNote, showSyncProgress } from '../sync-progress.ts';
import { SyncTally } from '../sync-tally.ts';
import { note } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';
import type { SyncResults } from './sync-results.ts';

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
 */
export async function followSync(
  { terminal, signal }: CommandContext,
  client: Client,
  items: Iterable<BackupSync> | AsyncIterable<BackupSync>,
  { total, withAncestors, openResults }: FollowOptions,
): Promise<SyncTally> {
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
  try {
    for await (const log of client.waitFor(accepted(), { signal })) {
      tally.add(log);
      await results.add(log);
      progress.ended(log);
    }
  } finally {
    progress.stop();
    await results.finish();
    if (signal.aborted) note(terminal, interruptedNote(tally));
  }
  return tally;
}
