import { BackupSyncError, type BackupSyncInput, type SyncBackupsAnswer } from '@backup-sync/contracts';
import { batches, type Placed } from './batches.ts';
import type { CallOptions, Operations } from './operations.ts';

/** One accepted item: where it stood in the list, and its operation log. */
export type Accepted = SyncBackupsAnswer['sync'][number] & { readonly index: number };

/** How to sync: `withAncestors` records missing ancestors as well, which this system alone can. */
export type SyncOptions = CallOptions & { readonly withAncestors?: boolean };

/**
 * Syncs any number of backups, 50 a call, in order, and yields what was accepted after each call. All items are checked
 * before the first call. A backup that is named twice goes into a later call than before, so that its order stands.
 */
export async function* syncAll(
  operations: Pick<Operations, 'syncBackups' | 'importBackups'>,
  items: readonly BackupSyncInput[],
  options: SyncOptions = {},
): AsyncGenerator<readonly Accepted[]> {
  for (const batch of batches(items)) yield await send(operations, batch, options);
}

async function send(
  operations: Pick<Operations, 'syncBackups' | 'importBackups'>,
  batch: readonly Placed[],
  options: SyncOptions,
): Promise<readonly Accepted[]> {
  const sync = batch.map(({ item }) => item);
  const answer = options.withAncestors
    ? await operations.importBackups({ sync, with_ancestors: true }, options)
    : await operations.syncBackups({ sync }, options);
  return batch.map(({ index, item }, position) => {
    const accepted = answer.sync[position];
    if (accepted?.backup_id !== item.backup_id) {
      throw new BackupSyncError('unexpected_answer', `the answer does not name ${item.backup_id} in its place`);
    }
    return { ...accepted, index };
  });
}
