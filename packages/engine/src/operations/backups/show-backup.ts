import { BackupSyncError } from '@backup-sync/contracts';
import type { CallHandler } from '../../context.ts';
import { backupView, sourceNames } from './backup-view.ts';

export const showBackup: CallHandler<'showBackup'> = async (context, input) => {
  const record = await context.services.catalogue.showBackup(input.project_id, input.backup_id);
  if (record === null) throw new BackupSyncError('backup_not_found', `no backup ${input.backup_id} is recorded`);
  return { backup: backupView(record, await sourceNames(context.services, input.project_id, [record])) };
};
