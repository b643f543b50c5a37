import { BackupSyncError } from '@backup-sync/contracts';
import type { CbrBackup } from './answers/cbr-backup.ts';
import type { CbrOperationLog } from './answers/cbr-operation-log.ts';
import type { CallOptions, Calls } from './calls.ts';

/** Records to ask for per page. */
const pageSize = 1000;

type Unpaged<Input> = Omit<Input, 'limit' | 'offset' | 'marker'>;
/** Filters and order of `Client.allBackups`. */
export type BackupsFilter = Unpaged<Parameters<Calls['listBackups']>[0]>;
/** Filters of `Client.allOperationLogs`. */
export type OperationLogsFilter = Unpaged<Parameters<Calls['listOperationLogs']>[0]>;

/** Implements `Client.allBackups`. */
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

/** Implements `Client.allOperationLogs`. */
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

type Page<T> = {
  readonly records: readonly T[];
  /** The page size that the service applied, which may be less than ours; null if it does not say. */
  readonly limit: number | null;
};

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
      const message = 'the service returns the same page again: it ignores the marker';
      throw new BackupSyncError('unexpected_answer', message);
    }
    marker = last;
  }
}
