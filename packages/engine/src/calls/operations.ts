import { BackupSyncError, hasEnded } from '@backup-sync/contracts';
import type { Json, TaskKind } from '../catalogue/task-port.ts';
import { queueChains } from '../operations/queue-work.ts';
import { startVerifications } from '../sources/start-verifications.ts';
import type { CallContext, CallHandler } from './call-context.ts';
import { loggedOperationView } from './operation-view.ts';

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

export const showOperation: CallHandler<'showOperation'> = async (context, input) => {
  const { catalogue, taskStore, outages } = context.services;
  const record =
    (await taskStore.showTask(input.project_id, input.operation_id)) ??
    (await catalogue.showOperation(input.project_id, input.operation_id));
  if (record !== null) return { operation: loggedOperationView(record, outages) };
  throw new BackupSyncError('operation_not_found', `there is no operation ${input.operation_id}`);
};

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

/** A page of what a task has found, while it runs or after. Throws `operation_not_found` where no task of this kind has the id. */
export async function findingsPage(
  context: CallContext,
  kind: TaskKind,
  input: { readonly project_id: string; readonly operation_id: string; readonly after: number; readonly limit: number },
): Promise<{
  readonly found: readonly Json[];
  readonly next: number;
  readonly ended: boolean;
  readonly complete: boolean;
}> {
  const { taskStore } = context.services;
  // Looked at before the findings: those of a task that had ended by then are all there.
  const task = await taskStore.showTask(input.project_id, input.operation_id);
  if (task?.kind !== kind) {
    throw new BackupSyncError('operation_not_found', `there is no ${kind} ${input.operation_id}`);
  }
  const rows = await taskStore.listFindings(task.id, input.after, input.limit);
  return {
    found: rows.map(({ finding }) => finding),
    next: rows.at(-1)?.sequence ?? input.after,
    ended: hasEnded(task.status),
    // What recognised nothing has gone through all there is.
    complete: task.status === 'success' || task.listedAtMs !== null || task.reasonCode === 'no_backup_recognised',
  };
}
