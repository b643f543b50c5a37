import { BackupSyncError } from '@backup-sync/contracts';
import type { Verb } from '../../context.ts';
import { taskView } from './task-view.ts';

/** Asks a task to stop. One that has ended stays as it ended; imports that a scan has accepted go on. */
export const cancelOperation: Verb<'cancelOperation'> = async (context, input) => {
  const { taskStore, clock } = context.services;
  const task = await taskStore.cancelTask(input.project_id, input.operation_id, clock.nowMs());
  if (task === null) {
    throw new BackupSyncError('operation_not_found', `there is no scan, plan or verification ${input.operation_id}`);
  }
  return { operation: taskView(task) };
};
