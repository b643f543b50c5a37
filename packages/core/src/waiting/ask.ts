import { BackupSyncError } from '@backup-sync/contracts';
import type { CbrOperationLog } from '../answers/cbr-operation-log.ts';
import type { CallOptions, Calls } from '../calls.ts';

/** Up to so many operations are asked for one by one, at once; more are looked for in the listing first. */
const fewIds = 10;
const pageSizeMax = 1000;
/** A page has so many times as many records as there are ids: others' operations lie between them. */
const pageShare = 2;
/** So many records of a listing cost a service as much as one call. */
const recordsPerCall = 20;

export type Asked = Pick<Calls, 'showOperationLog' | 'listOperationLogs'>;

/**
 * The logs of these operations, each once, as they stand: from the listing, newest first, for as long as that costs less
 * than to ask for the rest one by one. Throws `operation_log_not_found` for one that is not there.
 */
export async function* ask(
  calls: Asked,
  ids: ReadonlySet<string>,
  options: CallOptions,
): AsyncGenerator<CbrOperationLog> {
  const unseen = new Set(ids);
  const limit = Math.min(pageSizeMax, pageShare * ids.size);
  // By offset, which every service has. What is begun meanwhile moves the rest back: it is seen again then, not missed.
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
  if (log.id !== id) throw new BackupSyncError('unexpected_answer', `asked for operation ${id}, was told of ${log.id}`);
  return log;
}
