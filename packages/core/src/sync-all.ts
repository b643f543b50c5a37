import {
  BackupSyncError,
  type BackupSyncInput,
  backupSync,
  type Problem,
  problemsOf,
  type SyncBackupsAnswer,
  syncItemsMax,
} from '@backup-sync/contracts';
import type { CallOptions, Operations } from './operations.ts';

/** One accepted item: where it stood in the list, and its operation log. */
export type Accepted = SyncBackupsAnswer['sync'][number] & { readonly index: number };

/**
 * Syncs any number of backups, 50 a call, in order, and yields what was accepted after each call. All items are checked
 * before the first call. A backup that is named twice goes into a later call than before, so that its order stands.
 */
export async function* syncAll(
  operations: Pick<Operations, 'syncBackups'>,
  items: readonly BackupSyncInput[],
  options: CallOptions = {},
): AsyncGenerator<readonly Accepted[]> {
  checkAll(items);
  let batch: { readonly index: number; readonly item: BackupSyncInput }[] = [];
  const ids = new Set<string>();
  for (const [index, item] of items.entries()) {
    if (batch.length === syncItemsMax || ids.has(item.backup_id)) {
      yield await send(operations, batch, options);
      batch = [];
      ids.clear();
    }
    batch.push({ index, item });
    ids.add(item.backup_id);
  }
  if (batch.length > 0) yield await send(operations, batch, options);
}

async function send(
  operations: Pick<Operations, 'syncBackups'>,
  batch: readonly { readonly index: number; readonly item: BackupSyncInput }[],
  options: CallOptions,
): Promise<readonly Accepted[]> {
  const answer = await operations.syncBackups({ sync: batch.map(({ item }) => item) }, options);
  return batch.map(({ index, item }, position) => {
    const accepted = answer.sync[position];
    if (accepted?.backup_id !== item.backup_id) {
      throw new BackupSyncError('unexpected_answer', `the answer does not name ${item.backup_id} in its place`);
    }
    return { ...accepted, index };
  });
}

function checkAll(items: readonly BackupSyncInput[]): void {
  const problems: Problem[] = [];
  for (const [index, item] of items.entries()) {
    const parsed = backupSync.safeParse(item);
    if (!parsed.success) problems.push(...problemsOf(parsed.error, `sync[${index}]`));
  }
  if (problems.length > 0) {
    const message = problems.map(({ place, message }) => `${place}: ${message}`).join('; ');
    throw new BackupSyncError('invalid_request', message, { problems });
  }
}
