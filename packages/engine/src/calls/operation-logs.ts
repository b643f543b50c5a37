import { BackupSyncError, invalidField } from '@backup-sync/contracts';
import { isTask } from '../catalogue/port.ts';
import type { CallHandler } from './call-context.ts';
import { operationLogView, sourceRunLogView } from './operation-log-view.ts';

export const listOperationLogs: CallHandler<'listOperationLogs'> = async (context, input) => {
  const { catalogue, sourceStore, outages } = context.services;
  const page = await catalogue.listOperationLogs(input);
  if (page === 'marker_not_found') {
    throw invalidField('marker', `there is no operation log ${input.marker}`);
  }
  const runs = await sourceStore.sourceRunsOf(page.rows.map(({ id }) => id));
  const runOf = new Map(runs.map((run) => [run.operationId, run]));
  return {
    operation_logs: page.rows.map((row) =>
      isTask(row)
        ? sourceRunLogView(row, runOf.get(row.id), outages)
        : operationLogView(row, runOf.get(row.id), outages),
    ),
    count: page.count,
    limit: input.limit,
    offset: input.offset,
  };
};

export const showOperationLog: CallHandler<'showOperationLog'> = async (context, input) => {
  const { catalogue, taskStore, sourceStore, outages } = context.services;
  const [run] = await sourceStore.sourceRunsOf([input.operation_log_id]);
  const record = await catalogue.showOperation(input.project_id, input.operation_log_id);
  if (record !== null) return { operation_log: operationLogView(record, run, outages) };
  const task = await taskStore.showTask(input.project_id, input.operation_log_id);
  if (task !== null && task.sourceId !== null) return { operation_log: sourceRunLogView(task, run, outages) };
  throw new BackupSyncError('operation_log_not_found', `there is no operation log ${input.operation_log_id}`);
};
