import { BackupSyncError, hasEnded } from '@backup-sync/contracts';
import type { Json, TaskKind } from '../catalogue/task-records.ts';
import { queueChains } from '../operations/queue-work.ts';
import { outagesFor } from '../operations/waiting-for.ts';
import type { QueryServices } from '../services.ts';
import { startVerifications } from '../sources/start-verifications.ts';
import type { CallContext, MutationHandler, QueryHandler } from './call-context.ts';
import { loggedOperationView } from './operation-view.ts';

export const listOperations: QueryHandler<'listOperations'> = async (context, input) => {
  const { catalogue } = context.services;
  const page = await catalogue.operations.listOperations(input);
  if (page === 'marker_not_found') {
    throw new BackupSyncError('invalid_request', `marker: there is no operation ${input.marker}`);
  }
  const outages = await outagesFor(catalogue, page.rows);
  return {
    operations: page.rows.map((row) => loggedOperationView(row, outages)),
    count: page.count,
    limit: input.limit,
    offset: input.offset,
  };
};

export const showOperation: QueryHandler<'showOperation'> = async (context, input) => {
  const { catalogue } = context.services;
  const record =
    (await catalogue.operations.showTask(input.project_id, input.operation_id)) ??
    (await catalogue.operations.showOperation(input.project_id, input.operation_id));
  if (record !== null) return { operation: loggedOperationView(record, await outagesFor(catalogue, [record])) };
  throw new BackupSyncError('operation_not_found', `there is no operation ${input.operation_id}`);
};

/**
 * Cancels an operation. One that waits ends at once; one that runs is ended within about a second by whoever works on it,
 * and an import then records nothing. One that has ended stays as it ended. Imports that a scan has accepted go on.
 */
export const cancelOperation: MutationHandler<'cancelOperation'> = async (context, input) => {
  const {
    catalogue,
    work: { queue },
    world: { clock },
  } = context.services;
  const cancelled = await context.change('cancelOperation', input.project_id, input.operation_id, clock.nowMs());
  if (cancelled === null) {
    const message = `there is no import, scan, plan or verification ${input.operation_id}`;
    throw new BackupSyncError('operation_not_found', message);
  }
  const { operation, chains } = cancelled;
  queueChains(queue, chains);
  const { endedAtMs, parentOperationId } = operation;
  // It may have been the last that the run of a source waited for, or one of the few verifications that it has in hand.
  if (endedAtMs !== null && parentOperationId !== null) await startVerifications(context.services, parentOperationId);
  return { operation: loggedOperationView(operation, await outagesFor(catalogue, [operation])) };
};

/** A page of what a task has found, while it runs or after. Throws `operation_not_found` where no task of this kind has the id. */
export async function findingsPage(
  context: CallContext<QueryServices>,
  kind: TaskKind,
  input: { readonly project_id: string; readonly operation_id: string; readonly after: number; readonly limit: number },
): Promise<{
  readonly found: readonly Json[];
  readonly next: number;
  readonly ended: boolean;
  readonly complete: boolean;
}> {
  const { catalogue } = context.services;
  // Looked at before the findings: those of a task that had ended by then are all there.
  const task = await catalogue.operations.showTask(input.project_id, input.operation_id);
  if (task?.kind !== kind) {
    throw new BackupSyncError('operation_not_found', `there is no ${kind} ${input.operation_id}`);
  }
  const rows = await catalogue.operations.listFindings(task.id, input.after, input.limit);
  return {
    found: rows.map(({ finding }) => finding),
    next: rows.at(-1)?.sequence ?? input.after,
    ended: hasEnded(task.status),
    // What recognised nothing has gone through all there is.
    complete: task.status === 'success' || task.listedAtMs !== null || task.reasonCode === 'no_backup_recognised',
  };
}
