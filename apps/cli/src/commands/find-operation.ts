import { BackupSyncError, type Operation } from '@backup-sync/contracts';
import type { CallOptions, Calls } from '@backup-sync/core';
import { AmbiguousNameError } from '../failure.ts';
import { shortTime } from './backups.ts';
import { leastPrefix } from './find-backup.ts';

/** Maximum number of candidates shown. */
const shownMax = 20;

/**
 * Finds an operation by its id, or else by the beginning of one. Throws {@link AmbiguousNameError} with the candidates
 * if several ids begin that way, and `operation_not_found`.
 */
export async function findOperation(
  calls: Pick<Calls, 'showOperation' | 'listOperations'>,
  id: string,
  { signal }: CallOptions,
): Promise<Operation> {
  try {
    return (await calls.showOperation({ operation_id: id }, { signal })).operation;
  } catch (error) {
    const isNotFound = error instanceof BackupSyncError && error.code === 'operation_not_found';
    if (!isNotFound || id.length < leastPrefix) throw error;
    const page = await calls.listOperations({ id_prefix: id, limit: shownMax }, { signal });
    const [first, second] = page.operations;
    if (first === undefined) throw error;
    if (second === undefined) return first;
    const candidates = page.operations.map((operation) => ({
      place: operation.id,
      message: `${operation.kind} of ${operation.backup_name ?? operation.backup_id ?? operation.bucket_name}, ${shortTime(operation.created_at)}, ${operation.status}`,
    }));
    const rest = page.count > candidates.length ? `; the newest ${candidates.length} are shown` : '';
    const message = `${page.count} operations have an id that begins with ${JSON.stringify(id)}${rest}`;
    throw new AmbiguousNameError(message, candidates, 'Give more of the id.');
  }
}
