import { BackupSyncError } from '@backup-sync/contracts';
import type { CallHandler } from '../../context.ts';
import { loggedOperationView } from './task-view.ts';

export const showOperation: CallHandler<'showOperation'> = async (context, input) => {
  const { catalogue, taskStore, outages } = context.services;
  const record =
    (await taskStore.showTask(input.project_id, input.operation_id)) ??
    (await catalogue.showOperation(input.project_id, input.operation_id));
  if (record !== null) return { operation: loggedOperationView(record, outages) };
  throw new BackupSyncError('operation_not_found', `there is no operation ${input.operation_id}`);
};
