import { BackupSyncError } from '@backup-sync/contracts';
import type { CbrOperationLog } from '../answers/cbr-operation-log.ts';
import type { CallOptions, Calls } from '../calls.ts';

/** Up to this many operations are fetched one by one, concurrently; more are looked up in the listing first. */
const fewIds = 10;
const pageSizeMax = 1000;
/** Records per page for each id, since the listing contains other operations as well. */
const pageShare = 2;
/** This many records of a listing cost a service as much as one call. */
const recordsPerCall = 20;

export type Asked = Pick<Calls, 'showOperationLog' | 'listOperationLogs'>;

/**
 * Yields the current logs of these operations, each once. Reads the listing, newest first, for as long as that costs
 * less than fetching the rest one by one. Throws `operation_log_not_found` for an unknown id.
 */
export async function* ask(
  calls: Asked,
  ids: ReadonlySet<string>,
  options: CallOptions,
): AsyncGenerator<CbrOperationLog> {
  const unseen = new Set(ids);
  const limit = Math.min(pageSizeMax, pageShare * ids.size);
  // By offset, which every service supports. Operations that start meanwhile shift the rest back, so logs may repeat
  // but none is missed.
  for (let offset = 0; unseen.size > fewIds && offset < recordsPerCall * unseen.size; offset += limit) {
    const { operation_logs: logs } = await calls.listOperationLogs({ limit, offset }, options);
    for (const log of logs) if (unseen.delete(log.id)) yield log;
    if (logs.length === 0) break;
  }
  const rest = [...unseen];
  for (let start = 0; start < rest.length; start += fewIds) {
    yield* await Promise.all(rest.slice(start, start + fewIds).map((id) => show(calls, id, options)));
  }
}

async function show(calls: Asked, id: string, options: CallOptions): Promise<CbrOperationLog> {
  const { operation_log: log } = await calls.showOperationLog({ operation_log_id: id }, options);
  if (log.id === id) return log;
  throw new BackupSyncError('unexpected_answer', `asked for operation ${id}, but the service returned ${log.id}`);
}
