import { BackupSyncError } from '@backup-sync/contracts';
import type { CallHandler } from '../../context.ts';
import { backupView, sourceNames } from './backup-view.ts';

/** Renames a backup. How long the name stays is said in name-backup.ts. */
export const updateBackup: CallHandler<'updateBackup'> = async (context, input) => {
  const { catalogue, clock } = context.services;
  const record = await catalogue.renameBackup({
    projectId: input.project_id,
    backupId: input.backup_id,
    name: input.backup.name,
    renamedAtMs: clock.nowMs(),
  });
  if (record === null) throw new BackupSyncError('backup_not_found', `no backup ${input.backup_id} is recorded`);
  return { backup: backupView(record, await sourceNames(context.services, input.project_id, [record])) };
};
