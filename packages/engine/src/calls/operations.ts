import { BackupSyncError, hasEnded, invalidField, operationDaysMax } from '@backup-sync/contracts';
import { hasItem, type Json, type SingleKind } from '../catalogue/operation-records.ts';
import { afterEnd } from '../operations/after-end.ts';
import { outagesFor } from '../operations/waiting-for.ts';
import type { QueryServices } from '../services.ts';
import type { CallContext, MutationHandler, QueryHandler } from './call-context.ts';
import { operationView } from './operation-view.ts';

export const listOperations: QueryHandler<'listOperations'> = async (context, input) => {
  const { catalogue } = context.services;
  const page = await catalogue.operations.listOperations(input);
  if (page === 'marker_not_found') {
    throw new BackupSyncError('invalid_request', `marker: there is no operation ${input.marker}`);
  }
  const outages = await outagesFor(catalogue, page.rows);
  return {
    operations: page.rows.map((row) => operationView(row, outages)),
    count: page.count,
    limit: input.limit,
    offset: input.offset,
  };
};

export const showOperation: QueryHandler<'showOperation'> = async (context, input) => {
  const { catalogue } = context.services;
  const record = await catalogue.operations.showOperation(input.project_id, input.operation_id);
  if (record !== null) return { operation: operationView(record, await outagesFor(catalogue, [record])) };
  throw new BackupSyncError('operation_not_found', `there is no operation ${input.operation_id}`);
};

const dayMs = 24 * 60 * 60 * 1000;

export const countOperationDays: QueryHandler<'countOperationDays'> = async (context, input) => {
  const days = (Date.parse(input.to) - Date.parse(input.from)) / dayMs + 1;
  if (days < 1) throw invalidField('to', 'is before from');
  if (days > operationDaysMax) {
    throw invalidField('to', `is day ${days} of the range, which may have ${operationDaysMax}`);
  }
  return { days: [...(await context.services.catalogue.operations.countOperationDays(input))] };
};

/**
 * Cancels an operation. A waiting one ends immediately. A running one ends within about a second; if it is an import,
 * it records nothing. An operation that has ended stays unchanged. Imports that a scan has accepted continue.
 */
export const cancelOperation: MutationHandler<'cancelOperation'> = async (context, input) => {
  const {
    catalogue,
    world: { clock },
  } = context.services;
  const cancelled = await context.change('cancelOperation', input.project_id, input.operation_id, clock.nowMs());
  if (cancelled === null) {
    const message = `there is no import, scan, plan or verification ${input.operation_id}`;
    throw new BackupSyncError('operation_not_found', message);
  }
  await afterEnd(context.services, cancelled.ended);
  const { operation } = cancelled;
  return { operation: operationView(operation, await outagesFor(catalogue, [operation])) };
};

/**
 * Returns a page of the findings of a scan or plan, while it runs or after. Throws `operation_not_found` if no
 * operation of this kind has the id, and `findings_removed` if it ended too long ago.
 */
export async function findingsPage(
  context: CallContext<QueryServices>,
  kind: SingleKind,
  input: { readonly project_id: string; readonly operation_id: string; readonly after: number; readonly limit: number },
): Promise<{
  readonly found: readonly Json[];
  readonly next: number;
  readonly ended: boolean;
  readonly complete: boolean;
}> {
  const { catalogue } = context.services;
  // Read before the findings: if the operation has ended by then, all its findings are there.
  const operation = await catalogue.operations.showOperation(input.project_id, input.operation_id);
  if (operation === null || hasItem(operation) || operation.kind !== kind) {
    throw new BackupSyncError('operation_not_found', `there is no ${kind} ${input.operation_id}`);
  }
  if (operation.findingsRemovedAtMs !== null) {
    const on = new Date(operation.findingsRemovedAtMs).toISOString().slice(0, 10);
    throw new BackupSyncError(
      'findings_removed',
      `the findings of ${kind} ${input.operation_id} were removed on ${on}`,
    );
  }
  const rows = await catalogue.operations.listFindings(operation.id, input.after, input.limit);
  return {
    found: rows.map(({ finding }) => finding),
    next: rows.at(-1)?.sequence ?? input.after,
    ended: hasEnded(operation.status),
    // A scan that recognised nothing has read the whole listing.
    complete:
      operation.status === 'success' ||
      operation.listedAtMs !== null ||
      operation.fault?.code === 'no_backup_recognised',
  };
}
