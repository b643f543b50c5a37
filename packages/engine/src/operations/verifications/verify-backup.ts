import { BackupSyncError } from '@backup-sync/contracts';
import { itemOfRecord } from '../../catalogue/item-of-record.ts';
import type { NewTask } from '../../catalogue/task-port.ts';
import type { CallHandler } from '../../context.ts';
import { placeOfItem, refuseUngranted } from '../backups/granted-places.ts';
import { queueTask } from '../queue-work.ts';
import type { VerifyRequest } from './verify-request.ts';

/** Accepts a verification of a recorded backup, or joins the same one. It goes on by itself: see verify-chain.ts. */
export const verifyBackup: CallHandler<'verifyBackup'> = async (context, input) => {
  const { catalogue, storedTimes, newId, queue, taskStore } = context.services;
  const record = await catalogue.showBackup(input.project_id, input.backup_id);
  if (record === null) throw new BackupSyncError('backup_not_found', `no backup ${input.backup_id} is recorded`);
  await refuseUngranted(context.services, input.project_id, [placeOfItem(itemOfRecord(record))]);
  const createdAtMs = await storedTimes.nowMs();
  const request: VerifyRequest = { level: input.level, readAfterMs: createdAtMs };
  const task: NewTask = {
    id: newId(),
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
    lane: null,
  };
  // One that runs may have read some links already. It is joined all the same: whoever repeats a command wants its outcome,
  // not the volume read twice. Whoever wants all of it read from now on asks again when it has ended.
  const joined = await taskStore.joinTask(task, { level: input.level });
  if (joined.result === 'added') queueTask(queue, { task, lane: joined.lane, notBeforeMs: null });
  return { operation_id: joined.operationId, joined: joined.result === 'joined' };
};
