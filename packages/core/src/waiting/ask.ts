import { BackupSyncError } from '@backup-sync/contracts';
import type { CbrOperationLog } from '../answers/cbr-operation-log.ts';
import type { CallOptions, Operations } from '../operations.ts';

/** Up to so many operations are asked for one by one; more are looked for in the listing first. */
const fewIds = 10;
const pageSizeMax = 1000;
/** Of so many times as many records as there are ids, the newest are looked through. */
const listingShare = 2;

export type Asked = Pick<Operations, 'showOperationLog' | 'listOperationLogs'>;

/** The logs of these operations, each once, as they stand. Throws `operation_log_not_found` for one that is not there. */
export async function* ask(
  operations: Asked,
  ids: ReadonlySet<string>,
  options: CallOptions,
): AsyncGenerator<CbrOperationLog> {
  const unseen = new Set(ids);
  if (unseen.size > fewIds) {
    for await (const log of newest(operations, listingShare * ids.size, options)) {
      if (unseen.delete(log.id)) yield log;
      if (unseen.size === 0) return;
    }
  }
  const rest = [...unseen];
  for (let start = 0; start < rest.length; start += fewIds) {
    yield* await Promise.all(rest.slice(start, start + fewIds).map((id) => show(operations, id, options)));
  }
}

/** The newest `count` logs, or a few more. By offset, which every service has: a log that slips by is asked for alone. */
async function* newest(operations: Asked, count: number, options: CallOptions): AsyncGenerator<CbrOperationLog> {
  const limit = Math.min(pageSizeMax, count);
  for (let offset = 0; offset < count; offset += limit) {
    const { operation_logs: logs } = await operations.listOperationLogs({ limit, offset }, options);
    yield* logs;
    if (logs.length === 0) return;
  }
}

async function show(operations: Asked, id: string, options: CallOptions): Promise<CbrOperationLog> {
  const { operation_log: log } = await operations.showOperationLog({ operation_log_id: id }, options);
  if (log.id !== id) throw new BackupSyncError('unexpected_answer', `asked for operation ${id}, was told of ${log.id}`);
  return log;
}
