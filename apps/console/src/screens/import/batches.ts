import type { BackupSync, syncItemsMax } from '@backup-sync/contracts';

/** Maximum number of items that one call takes. The compiler finds another number: the value itself would bring zod. */
const batchMax: typeof syncItemsMax = 50;

/**
 * The consecutive items from an index on that one call may carry: at most 50, no backup twice. A backup that is listed
 * again goes into a later call, so that the order is kept.
 */
export function batchFrom(items: readonly BackupSync[], first: number): readonly BackupSync[] {
  const ids = new Set<string>();
  let end = first;
  for (; end < items.length && ids.size < batchMax; end += 1) {
    const id = items[end]?.backup_id ?? '';
    if (ids.has(id)) break;
    ids.add(id);
  }
  return items.slice(first, end);
}
