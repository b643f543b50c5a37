import { BackupSyncError } from '@backup-sync/contracts';
import type { CallHandler } from '../../context.ts';
import { loggedOperationView } from './task-view.ts';

export const listOperations: CallHandler<'listOperations'> = async (context, input) => {
  const page = await context.services.catalogue.listOperations(input);
  if (page === 'marker_not_found') {
    throw new BackupSyncError('invalid_request', `marker: there is no operation ${input.marker}`);
  }
  return {
    operations: page.rows.map((row) => loggedOperationView(row, context.services.outages)),
    count: page.count,
    limit: input.limit,
    offset: input.offset,
  };
};
