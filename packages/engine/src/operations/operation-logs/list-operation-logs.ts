import { invalidField } from '@backup-sync/contracts';
import { isTask } from '../../catalogue/port.ts';
import type { CallHandler } from '../../context.ts';
import { operationLogView } from './operation-log-view.ts';
import { sourceRunLogView } from './source-run-log-view.ts';

export const listOperationLogs: CallHandler<'listOperationLogs'> = async (context, input) => {
  const { catalogue, sourceStore, outages } = context.services;
  const page = await catalogue.listOperationLogs(input);
  if (page === 'marker_not_found') {
    throw invalidField('marker', `there is no operation log ${input.marker}`);
  }
  const runs = await sourceStore.sourceRunsOf(page.rows.map(({ id }) => id));
  const runOf = new Map(runs.map((run) => [run.operationId, run]));
  return {
    operation_logs: page.rows.map((row) =>
      isTask(row)
        ? sourceRunLogView(row, runOf.get(row.id), outages)
        : operationLogView(row, runOf.get(row.id), outages),
    ),
    count: page.count,
    limit: input.limit,
    offset: input.offset,
  };
};
