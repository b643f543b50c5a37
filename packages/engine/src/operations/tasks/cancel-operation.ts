import { BackupSyncError } from '@backup-sync/contracts';
import type { CallContext, CallHandler } from '../../context.ts';
import { startVerifications } from '../../sources/start-verifications.ts';
import { queueChains } from '../queue-work.ts';
import { loggedOperationView } from './task-view.ts';

/**
 * Cancels an operation. One that waits ends at once; one that runs is ended within about a second by whoever works on it,
 * and an import then records nothing. One that has ended stays as it ended. Imports that a scan has accepted go on.
 */
export const cancelOperation: CallHandler<'cancelOperation'> = async (context, input) => {
  const { taskStore, clock, outages } = context.services;
  const task = await taskStore.cancelTask(input.project_id, input.operation_id, clock.nowMs());
  const operation = task ?? (await cancelImport(context, input));
  const { endedAtMs, parentOperationId } = operation;
  // It may have been the last that the run of a source waited for, or one of the few verifications that it has in hand.
  if (endedAtMs !== null && parentOperationId !== null) await startVerifications(context.services, parentOperationId);
  return { operation: loggedOperationView(operation, outages) };
};

async function cancelImport(
  { services }: CallContext,
  { project_id, operation_id }: { readonly project_id: string; readonly operation_id: string },
) {
  const { catalogue, clock, queue } = services;
  const cancelled = await catalogue.cancelImport(project_id, operation_id, clock.nowMs());
  if (cancelled === null) {
    throw new BackupSyncError('operation_not_found', `there is no import, scan, plan or verification ${operation_id}`);
  }
  queueChains(queue, cancelled.chains);
  return cancelled.operation;
}
