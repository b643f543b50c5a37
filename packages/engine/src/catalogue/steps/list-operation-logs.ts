import { isInEnterpriseProject, type OperationLogFilter, type OperationType } from '@backup-sync/contracts';
import type { Expression, ExpressionBuilder, Kysely, SelectQueryBuilder, SqlBool } from 'kysely';
import type { LoggedOperation, OperationKind, Page } from '../port.ts';
import { kindsWithItem } from '../rows.ts';
import type { Schema } from '../schema.ts';
import { rowToLogged } from '../task-rows.ts';

type Operations<Selected> = SelectQueryBuilder<Schema, 'operations', Selected>;

/** A page of the operations of a project, newest first; see {@link Catalogue.listOperationLogs}. */
export async function listOperationLogs(
  database: Kysely<Schema>,
  filter: OperationLogFilter,
): Promise<Page<LoggedOperation> | 'marker_not_found'> {
  const marker = filter.marker === undefined ? null : await findMarker(database, filter.project_id, filter.marker);
  if (marker === undefined) return 'marker_not_found';
  if (asksForWhatIsNotHere(filter)) return { rows: [], count: 0 };

  const matching = applyFilter(database.selectFrom('operations'), filter);
  const { count } = await matching.select(({ fn }) => fn.countAll().as('count')).executeTakeFirstOrThrow();
  let page = matching.selectAll();
  if (marker !== null) {
    page = page.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('created_at_ms', 'sequence'), '<', tuple(marker.created_at_ms, marker.sequence)),
    );
  }
  const rows = await page
    .orderBy('created_at_ms', 'desc')
    .orderBy('sequence', 'desc')
    .limit(filter.limit)
    .offset(filter.offset)
    .execute();
  return { rows: rows.map(rowToLogged), count: Number(count) };
}

/** The place of an operation in listings; undefined where the project has none of this id. */
export function findMarker(database: Kysely<Schema>, projectId: string, operationId: string) {
  return database
    .selectFrom('operations')
    .where('id', '=', operationId)
    .where('project_id', '=', projectId)
    .select(['created_at_ms', 'sequence'])
    .executeTakeFirst();
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
  let matching = operations.where('project_id', '=', filter.project_id);
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
