import { BackupSyncError } from '@backup-sync/contracts';
import type { CallHandler } from '../../context.ts';

/** Forgets the record. The bucket is never touched; an explicit sync brings the backup back. */
export const deleteBackup: CallHandler<'deleteBackup'> = async (context, input) => {
  const { catalogue, clock, newId } = context.services;
  const deletion = await catalogue.deleteBackup({
    operationId: newId(),
    projectId: input.project_id,
    backupId: input.backup_id,
    actor: { kind: context.caller.kind, name: context.caller.name },
    requestId: context.requestId,
    deletedAtMs: clock.nowMs(),
  });
  if (deletion.result === 'not_found') {
    throw new BackupSyncError('backup_not_found', `no backup ${input.backup_id} is recorded`);
  }
  if (deletion.result === 'busy') {
    throw new BackupSyncError('backup_busy', `operation ${deletion.operationId} is bringing this backup in`);
  }
};
