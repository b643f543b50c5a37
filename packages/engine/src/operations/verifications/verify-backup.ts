import { BackupSyncError } from '@backup-sync/contracts';
import { itemOfRecord } from '../../catalogue/item-of-record.ts';
import type { NewTask } from '../../catalogue/task-port.ts';
import type { Verb } from '../../context.ts';
import { placeOfItem, refuseUngranted } from '../backups/granted-places.ts';
import type { VerifyRequest } from './verify-request.ts';

/** Accepts a verification of a recorded backup, which goes on by itself: see verify-chain.ts. */
export const verifyBackup: Verb<'verifyBackup'> = async (context, input) => {
  const { catalogue, storedTimes, newId, queue, taskStore } = context.services;
  const record = await catalogue.showBackup(input.project_id, input.backup_id);
  if (record === null) throw new BackupSyncError('backup_not_found', `no backup ${input.backup_id} is recorded`);
  await refuseUngranted(context.services, input.project_id, [placeOfItem(itemOfRecord(record))]);
  const id = newId();
  const createdAtMs = await storedTimes.nowMs();
  const request: VerifyRequest = { level: input.level, readAfterMs: createdAtMs };
  const task: NewTask = {
    id,
    projectId: input.project_id,
    kind: 'verify',
    parentOperationId: null,
    storageUnitId: record.location.storageUnitId,
    bucketName: record.location.bucketName,
    backupId: input.backup_id,
    sourceId: null,
    request,
    actor: { kind: context.caller.kind, name: context.caller.name },
    requestId: context.requestId,
    createdAtMs,
  };
  await taskStore.addTask(task);
  queue.add({ kind: 'task', task, lane: 'mass', notBeforeMs: null });
  return { operation_id: id };
};
