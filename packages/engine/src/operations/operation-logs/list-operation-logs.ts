import { BackupSyncError } from '@backup-sync/contracts';
import type { LoggedOperation } from '../../catalogue/port.ts';
import type { TaskRecord } from '../../catalogue/task-port.ts';
import type { Verb } from '../../context.ts';
import { operationLogView } from './operation-log-view.ts';
import { sourceRunLogView } from './source-run-log-view.ts';

export const listOperationLogs: Verb<'listOperationLogs'> = async (context, input) => {
  const page = await context.services.catalogue.listOperationLogs(input);
  if (page === 'marker_not_found') {
    throw new BackupSyncError('invalid_request', `marker: there is no operation log ${input.marker}`);
  }
  return {
    operation_logs: page.rows.map((row) => (isTask(row) ? sourceRunLogView(row) : operationLogView(row))),
    count: page.count,
    limit: input.limit,
    offset: input.offset,
  };
};

function isTask(record: LoggedOperation): record is TaskRecord {
  return record.kind !== 'import' && record.kind !== 'delete';
}
