import { BackupSyncError } from '@backup-sync/contracts';
import type { Verb } from '../../context.ts';
import { operationLogView } from './operation-log-view.ts';

export const listOperationLogs: Verb<'listOperationLogs'> = async (context, input) => {
  const page = await context.services.catalogue.listOperations(input);
  if (page === 'marker_not_found') {
    throw new BackupSyncError('invalid_request', `marker: there is no operation log ${input.marker}`);
  }
  return {
    operation_logs: page.rows.map(operationLogView),
    count: page.count,
    limit: input.limit,
    offset: input.offset,
  };
};
