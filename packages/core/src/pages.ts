import { BackupSyncError } from '@backup-sync/contracts';
import type { CbrBackup } from './answers/cbr-backup.ts';
import type { CbrOperationLog } from './answers/cbr-operation-log.ts';
import type { CallOptions, Calls } from './calls.ts';

/** Records of a page. */
const pageSize = 1000;

type Unpaged<Input> = Omit<Input, 'limit' | 'offset' | 'marker'>;
export type BackupsFilter = Unpaged<Parameters<Calls['listBackups']>[0]>;
export type OperationLogsFilter = Unpaged<Parameters<Calls['listOperationLogs']>[0]>;

/** All backups that a filter lets through, in its order, fetched a page at a time. */
export function allBackups(
  calls: Pick<Calls, 'listBackups'>,
  filter: BackupsFilter = {},
  options: CallOptions = {},
): AsyncGenerator<CbrBackup> {
  return pages(async (paging) => {
    const { backups, limit } = await calls.listBackups({ ...filter, ...paging }, options);
    return { records: backups, limit };
  });
}

/** All operation logs that a filter lets through, newest first, fetched a page at a time. */
export function allOperationLogs(
  calls: Pick<Calls, 'listOperationLogs'>,
  filter: OperationLogsFilter = {},
  options: CallOptions = {},
): AsyncGenerator<CbrOperationLog> {
  return pages(async (paging) => {
    const { operation_logs, limit } = await calls.listOperationLogs({ ...filter, ...paging }, options);
    return { records: operation_logs, limit };
  });
}

/** `limit` is what the service made of ours; null where it does not say. */
type Page<T> = { readonly records: readonly T[]; readonly limit: number | null };

async function* pages<T extends { readonly id: string }>(
  fetchPage: (paging: { limit: number; marker?: string }) => Promise<Page<T>>,
): AsyncGenerator<T> {
  let marker: string | undefined;
  while (true) {
    const { records, limit } = await fetchPage({ limit: pageSize, ...(marker !== undefined && { marker }) });
    yield* records;
    const last = records.at(-1)?.id;
    if (last === undefined || records.length < Math.min(pageSize, limit ?? 1)) return;
    if (last === marker) {
      throw new BackupSyncError('unexpected_answer', 'the service answers with the same page again and again');
    }
    marker = last;
  }
}
