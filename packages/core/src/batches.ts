import {
  BackupSyncError,
  type BackupSyncInput,
  backupSync,
  type Problem,
  problemsOf,
  syncItemsMax,
} from '@backup-sync/contracts';

/** An item with its place in the list. */
export type Placed = { readonly index: number; readonly item: BackupSyncInput };

/**
 * Splits a list of any length into what one call carries, in order. A backup that is named twice goes into a later call
 * than before, so that its order stands. Throws `invalid_request` with every problem before the first batch.
 */
export function* batches(items: readonly BackupSyncInput[]): Generator<readonly Placed[]> {
  checkAll(items);
  let batch: Placed[] = [];
  const ids = new Set<string>();
  for (const [index, item] of items.entries()) {
    if (batch.length === syncItemsMax || ids.has(item.backup_id)) {
      yield batch;
      batch = [];
      ids.clear();
    }
    batch.push({ index, item });
    ids.add(item.backup_id);
  }
  if (batch.length > 0) yield batch;
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
