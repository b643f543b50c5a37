import { isInEnterpriseProject, type OperationLogFilter, type OperationType } from '@backup-sync/contracts';
import type { Expression, ExpressionBuilder, Kysely, SqlBool } from 'kysely';
import type { LoggedOperation, OperationKind, Page } from '../port.ts';
import { kindsWithItem } from '../rows.ts';
import type { Schema } from '../schema.ts';
import { type Operations, operationPage } from './operation-page.ts';

/** A page of the operations of a project, newest first; see {@link Catalogue.listOperationLogs}. */
export async function listOperationLogs(
  database: Kysely<Schema>,
  filter: OperationLogFilter,
): Promise<Page<LoggedOperation> | 'marker_not_found'> {
  return await operationPage(database, filter, (operations) =>
    asksForWhatIsNotHere(filter) ? null : applyFilter(operations, filter),
  );
}

/** Which kind of operation CBR calls so; of the other types there are none here. */
function kindOf(type: OperationType): OperationKind | null {
  if (type === 'sync') return 'import';
  return type === 'delete' ? 'delete' : null;
}

/** Providers and enterprise projects do not exist here, and vaults, which sources stand for, have no names of their own. */
function asksForWhatIsNotHere(filter: OperationLogFilter): boolean {
  return (
    filter.vault_name !== undefined ||
    filter.provider_id !== undefined ||
    !isInEnterpriseProject(filter.enterprise_project_id) ||
    (filter.operation_type !== undefined && kindOf(filter.operation_type) === null)
  );
}

function applyFilter<Selected>(operations: Operations<Selected>, filter: OperationLogFilter): Operations<Selected> {
  const kind = filter.operation_type === undefined ? null : kindOf(filter.operation_type);
  let matching = operations;
  if (filter.start_time !== undefined) matching = matching.where('created_at_ms', '>=', filter.start_time);
  if (filter.end_time !== undefined) matching = matching.where('created_at_ms', '<=', filter.end_time);
  // CBR shows the kinds that CBR has. The run of a source is a sync of a whole vault there; other scans are nothing of CBR's.
  const kinds = kind === null ? kindsWithItem : [kind];
  const { vault_id: vaultId } = filter;
  matching = matching.where(({ eb, or, and }) =>
    or([
      ...(vaultId === undefined ? [eb('kind', 'in', kinds)] : []),
      ...(kind === 'delete' ? [] : [and([eb('kind', '=', 'scan'), isOf(eb, vaultId)])]),
    ]),
  );
  if (filter.resource_id !== undefined) matching = matching.where('resource_id', '=', filter.resource_id);
  if (filter.resource_name !== undefined) matching = matching.where('resource_name', '=', filter.resource_name);
  if (filter.status !== undefined) matching = matching.where('status', 'in', filter.status);
  return matching;
}

function isOf(eb: ExpressionBuilder<Schema, 'operations'>, sourceId: string | undefined): Expression<SqlBool> {
  return sourceId === undefined ? eb('source_id', 'is not', null) : eb('source_id', '=', sourceId);
}
