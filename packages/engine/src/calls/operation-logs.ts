import { BackupSyncError, invalidField } from '@backup-sync/contracts';
import { hasItem } from '../catalogue/operation-records.ts';
import { outagesFor } from '../operations/waiting-for.ts';
import type { QueryHandler } from './call-context.ts';
import { operationLogView, sourceRunLogView } from './operation-log-view.ts';

export const listOperationLogs: QueryHandler<'listOperationLogs'> = async (context, input) => {
  const { catalogue } = context.services;
  const page = await catalogue.operations.listOperationLogs(input);
  if (page === 'marker_not_found') {
    throw invalidField('marker', `there is no operation log ${input.marker}`);
  }
  const runs = await catalogue.sourceRuns.sourceRunsOf(page.rows.map(({ id }) => id));
  const outages = await outagesFor(catalogue, page.rows);
  const runOf = new Map(runs.map((run) => [run.operationId, run]));
  return {
    operation_logs: page.rows.map((row) =>
      hasItem(row)
        ? operationLogView(row, runOf.get(row.id), outages)
        : sourceRunLogView(row, runOf.get(row.id), outages),
    ),
    count: page.count,
    limit: input.limit,
    offset: input.offset,
  };
};

export const showOperationLog: QueryHandler<'showOperationLog'> = async (context, input) => {
  const { catalogue } = context.services;
  const [run] = await catalogue.sourceRuns.sourceRunsOf([input.operation_log_id]);
  const record = await catalogue.operations.showOperation(input.project_id, input.operation_log_id);
  if (record !== null && hasItem(record)) {
    return { operation_log: operationLogView(record, run, await outagesFor(catalogue, [record])) };
  }
  // CBR has no operation log for scans, plans and verifications, except for the run of a source.
  if (record !== null && record.sourceId !== null) {
    return { operation_log: sourceRunLogView(record, run, await outagesFor(catalogue, [record])) };
  }
  throw new BackupSyncError('operation_log_not_found', `there is no operation log ${input.operation_log_id}`);
};
