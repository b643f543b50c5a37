import { isInEnterpriseProject, type OperationLogFilter, type OperationType } from '@backup-sync/contracts';
import type { Expression, ExpressionBuilder, Kysely, SqlBool } from 'kysely';
import type { Page } from '../backup-records.ts';
import type { ItemKind, OperationRecord } from '../operation-records.ts';
import { itemKinds } from '../operation-rows.ts';
import type { Schema } from '../schema.ts';
import { type Calls, operationPage } from './operation-page.ts';
import type { Kept } from './row-counts.ts';

/** Returns a page of the operations that CBR shows, newest first. */
export async function listOperationLogs(
  database: Kysely<Schema>,
  filter: OperationLogFilter,
): Promise<Page<OperationRecord> | 'marker_not_found'> {
  return await operationPage(
    database,
    filter,
    (operations) => (asksForWhatIsNotHere(filter) ? null : applyFilter(operations, filter)),
    keptOf(filter),
  );
}

/** Selects the counts of the matching operations, if the filter is about kinds and statuses alone. */
function keptOf(filter: OperationLogFilter): Kept | null {
  const { start_time: startMs, end_time: endMs, vault_id: vaultId, vault_name: vaultName } = filter;
  if ((startMs ?? endMs ?? vaultId ?? vaultName ?? filter.resource_id ?? filter.resource_name) !== undefined)
    return null;
  const kind = filter.operation_type === undefined ? null : kindOf(filter.operation_type);
  const kinds = kind === null ? itemKinds : [kind];
  return { subjects: kind === 'delete' ? kinds : [...kinds, 'source_run'], parts: filter.status ?? null };
}

/** The kind of operation that CBR calls this; null if there is no such kind here. */
function kindOf(type: OperationType): ItemKind | null {
  if (type === 'sync') return 'import';
  return type === 'delete' ? 'delete' : null;
}

/** Whether a filter asks for something that cannot exist here, such as providers and other enterprise projects. */
function asksForWhatIsNotHere(filter: OperationLogFilter): boolean {
  return (
    filter.provider_id !== undefined ||
    !isInEnterpriseProject(filter.enterprise_project_id) ||
    (filter.operation_type !== undefined && kindOf(filter.operation_type) === null)
  );
}

function applyFilter<Selected>(calls: Calls<Selected>, filter: OperationLogFilter): Calls<Selected> {
  const kind = filter.operation_type === undefined ? null : kindOf(filter.operation_type);
  let matching = calls;
  if (filter.start_time !== undefined) matching = matching.where('created_at_ms', '>=', filter.start_time);
  if (filter.end_time !== undefined) matching = matching.where('created_at_ms', '<=', filter.end_time);
  // Only the kinds that CBR has are shown. A source run is what CBR calls the sync of a whole vault; CBR has no other
  // scans.
  const kinds = kind === null ? itemKinds : [kind];
  const isOfVault = filter.vault_id !== undefined || filter.vault_name !== undefined;
  matching = matching.where((eb) =>
    eb.or([
      isOfVault ? eb.and([eb('kind', 'in', kinds), isImportOf(eb, filter)]) : eb('kind', 'in', kinds),
      ...(kind === 'delete'
        ? []
        : [
            eb.and([
              eb('kind', '=', 'scan'),
              isOfVault ? eb('operations.id', 'in', runsOf(eb, filter)) : eb('source_id', 'is not', null),
            ]),
          ]),
    ]),
  );
  if (filter.resource_id !== undefined) matching = matching.where('resource_id', '=', filter.resource_id);
  if (filter.resource_name !== undefined) matching = matching.where('resource_name', '=', filter.resource_name);
  return matching;
}

/** Selects the runs of the source with this id or name. */
function runsOf(eb: ExpressionBuilder<Schema, 'operations'>, filter: OperationLogFilter) {
  const { project_id: projectId, vault_id: sourceId, vault_name: name } = filter;
  let runs = eb.selectFrom('operations as run').select('run.id').where('run.project_id', '=', projectId);
  runs =
    sourceId === undefined ? runs.where('run.source_id', 'is not', null) : runs.where('run.source_id', '=', sourceId);
  if (name === undefined) return runs;
  const named = eb.selectFrom('sources').where('project_id', '=', projectId).where('name', '=', name);
  return runs.where('run.source_id', 'in', named.select('sources.id'));
}

/** Whether an import was accepted by such a run or joined to one: sources may overlap. */
function isImportOf(eb: ExpressionBuilder<Schema, 'operations'>, filter: OperationLogFilter): Expression<SqlBool> {
  const joined = eb.selectFrom('joined_imports').where('run_id', 'in', runsOf(eb, filter));
  return eb.or([
    eb('operations.parent_operation_id', 'in', runsOf(eb, filter)),
    eb('operations.id', 'in', joined.select('joined_imports.operation_id')),
  ]);
}
