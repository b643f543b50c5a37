import { BackupSyncError } from '@backup-sync/contracts';
import type { CallHandler } from '../../context.ts';
import { operationLogView } from './operation-log-view.ts';
import { sourceRunLogView } from './source-run-log-view.ts';

export const showOperationLog: CallHandler<'showOperationLog'> = async (context, input) => {
  const { catalogue, taskStore, sourceStore, outages } = context.services;
  const [run] = await sourceStore.sourceRunsOf([input.operation_log_id]);
  const record = await catalogue.showOperation(input.project_id, input.operation_log_id);
  if (record !== null) return { operation_log: operationLogView(record, run, outages) };
  const task = await taskStore.showTask(input.project_id, input.operation_log_id);
  if (task !== null && task.sourceId !== null) return { operation_log: sourceRunLogView(task, run, outages) };
  throw new BackupSyncError('operation_log_not_found', `there is no operation log ${input.operation_log_id}`);
};
