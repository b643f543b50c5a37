import { BackupSyncError } from '@backup-sync/contracts';
import type { Verb } from '../../context.ts';
import { operationLogView } from './operation-log-view.ts';

export const showOperationLog: Verb<'showOperationLog'> = async (context, input) => {
  const record = await context.services.catalogue.showOperation(input.project_id, input.operation_log_id);
  if (record === null) {
    throw new BackupSyncError('operation_log_not_found', `there is no operation log ${input.operation_log_id}`);
  }
  return { operation_log: operationLogView(record) };
};
