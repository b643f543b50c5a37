import { type BackupFilter, type BackupSort, isInEnterpriseProject } from '@backup-sync/contracts';
import {
  type Expression,
  type ExpressionBuilder,
  type Kysely,
  type SelectQueryBuilder,
  type SqlBool,
  sql,
} from 'kysely';
import type { BackupRecord, Page } from '../backup-records.ts';
import { rowToRecord, toStoredBoolean } from '../backup-rows.ts';
import type { BackupRow, Schema } from '../schema.ts';
import { endOfPrefix } from './end-of-prefix.ts';
import { keptCount } from './row-counts.ts';

/** The column that each sort key sorts by. */
const sortColumns = {
  created_at: 'created_at_ms',
  updated_at: 'updated_at_ms',
  name: 'backup_name',
  status: 'status',
  protected_at: 'protected_at_s',
  id: 'backup_id',
} as const satisfies Record<BackupSort['key'], keyof BackupRow>;

type SortColumn = (typeof sortColumns)[BackupSort['key']];
type Order = readonly { readonly column: SortColumn; readonly direction: 'asc' | 'desc' }[];
type Backups<Selected> = SelectQueryBuilder<Schema, 'backups', Selected>;

/** Returns a page of the records of a project. */
export async function listBackups(
  database: Kysely<Schema>,
  filter: BackupFilter,
): Promise<Page<BackupRecord> | 'marker_not_found'> {
  const order = orderOf(filter.sort);
  const marker = filter.marker === undefined ? null : await findMarker(database, filter.project_id, filter.marker);
  if (marker === undefined) return 'marker_not_found';
  if (asksForWhatIsNotHere(filter)) return { rows: [], count: 0 };

  const matching = applyFilter(database.selectFrom('backups'), filter);
  const count = isAtMostOfStatus(filter)
    ? await keptCount(database, filter.project_id, {
        subjects: ['backup'],
        parts: filter.status === undefined ? null : recordStatuses(filter.status),
      })
    : (await matching.select(({ fn }) => fn.countAll().as('count')).executeTakeFirstOrThrow()).count;
  let page = matching.selectAll();
  const isSorted = isFoundByFilter(filter, order);
  if (marker !== null) {
    page = page.where((eb) => (isSorted ? isBehind(eb, order, marker) : isFromPlace(eb, order, marker)));
  }
  for (const { column, direction } of order) {
    // Not by the bare column: to use its index, SQLite would go through all records of the project.
    page = page.orderBy(isSorted ? sql`coalesce(${sql.ref(column)}, ${sql.ref(column)})` : column, direction);
  }
  // The marker takes precedence: clients that page by it may repeat the offset on every page.
  const rows = await page
    .limit(filter.limit)
    .offset(marker === null ? filter.offset : 0)
    .execute();
  return { rows: rows.map(rowToRecord), count: Number(count) };
}

/** Whether a filter leaves few records, which have to be sorted because the filter's index has another order. */
function isFoundByFilter(filter: BackupFilter, [first]: Order): boolean {
  const column = first?.column;
  if (filter.name !== undefined) return column !== 'backup_name' && column !== 'backup_id';
  if ((filter.resource_id ?? filter.resource_name ?? filter.parent_id) !== undefined) return column !== 'created_at_ms';
  return filter.id_prefix !== undefined && column !== 'backup_id';
}

/** Whether the listing shows all records of the project, or all with a status: these are counted as they are written. */
function isAtMostOfStatus(filter: BackupFilter): boolean {
  const { project_id: _project, sort: _sort, marker: _marker, limit: _limit, offset: _offset, ...rest } = filter;
  const { status: _status, ...conditions } = rest;
  // Every record matches these conditions, whatever their values.
  const { dec: _dec, show_replication: _replication, ...effective } = conditions;
  return Object.values(effective).every((condition) => condition === undefined);
}

/** The requested order, then by id. Keys after the id have no effect. */
function orderOf(sort: readonly BackupSort[]): Order {
  const asked = sort.map(({ key, direction }) => ({ column: sortColumns[key], direction }));
  const end = asked.findIndex(({ column }) => column === 'backup_id');
  return end === -1 ? [...asked, { column: 'backup_id', direction: 'asc' }] : asked.slice(0, end + 1);
}

/** Returns the sort values of the marker. A record that was forgotten meanwhile still marks its place. */
function findMarker(database: Kysely<Schema>, projectId: string, backupId: string) {
  return database
    .selectFrom('backups')
    .where('project_id', '=', projectId)
    .where('backup_id', '=', backupId)
    .select(Object.values(sortColumns))
    .executeTakeFirst();
}

/** Whether a filter asks for something that cannot exist here. `listBackupsInput` documents what CBR's filters mean. */
function asksForWhatIsNotHere(filter: BackupFilter): boolean {
  return (
    filter.resource_az !== undefined ||
    filter.used_percent !== undefined ||
    filter.member_status !== undefined ||
    filter.own_type === 'shared' ||
    !isInEnterpriseProject(filter.enterprise_project_id) ||
    (filter.image_type !== undefined && filter.image_type !== 'sync') ||
    (filter.status !== undefined && recordStatuses(filter.status).length === 0)
  );
}

/** Returns only the statuses that a record can have. */
function recordStatuses(statuses: NonNullable<BackupFilter['status']>): readonly BackupRecord['status'][] {
  return (['available', 'error'] as const).filter((status) => statuses.includes(status));
}

function applyFilter<Selected>(backups: Backups<Selected>, filter: BackupFilter): Backups<Selected> {
  const { status, start_time: startMs, end_time: endMs, incremental, vault_id: sourceId } = filter;
  let matching = backups.where('project_id', '=', filter.project_id).where('forgotten_at_ms', 'is', null);
  if (startMs !== undefined) matching = matching.where('protected_at_s', '>=', Math.ceil(startMs / 1000));
  if (endMs !== undefined) matching = matching.where('protected_at_s', '<=', Math.floor(endMs / 1000));
  if (incremental !== undefined) matching = matching.where('incremental', '=', toStoredBoolean(incremental));
  if (sourceId !== undefined) matching = matching.where((eb) => isOfSource(eb, sourceId));
  if (filter.checkpoint_id !== undefined) matching = matching.where('checkpoint_id', '=', filter.checkpoint_id);
  if (filter.id_prefix !== undefined) {
    matching = matching
      .where('backup_id', '>=', filter.id_prefix)
      .where('backup_id', '<', endOfPrefix(filter.id_prefix));
  }
  if (filter.name !== undefined) matching = matching.where('backup_name', '=', filter.name);
  if (filter.parent_id !== undefined) matching = matching.where('parent_backup_id', '=', filter.parent_id);
  if (filter.resource_id !== undefined) matching = matching.where('resource_id', '=', filter.resource_id);
  if (filter.resource_name !== undefined) matching = matching.where('resource_name', '=', filter.resource_name);
  if (filter.resource_type !== undefined) matching = matching.where('resource_type', '=', filter.resource_type);
  if (status !== undefined) {
    const [one, other] = recordStatuses(status);
    // Both together match every record. Without the condition, SQLite can use the index of the order.
    if (one !== undefined && other === undefined) matching = matching.where('status', '=', one);
  }
  return matching;
}

/**
 * Whether a source has seen the record. Sources may overlap: a record belongs to each source with it as a member, even
 * if it shows another source.
 */
function isOfSource(eb: ExpressionBuilder<Schema, 'backups'>, sourceId: string): Expression<SqlBool> {
  const membership = eb
    .selectFrom('source_members as member')
    .select('member.backup_id')
    .where('member.source_id', '=', sourceId)
    .whereRef('member.image_path', '=', 'backups.image_path')
    .whereRef('member.backup_id', '=', 'backups.backup_id');
  return eb.or([eb('backups.source_id', '=', sourceId), eb.exists(membership)]);
}

/**
 * Matches the rows after `marker` in this order: the first key in which they differ is greater, or less if descending.
 */
function isBehind(
  eb: ExpressionBuilder<Schema, 'backups'>,
  order: Order,
  marker: Pick<BackupRow, SortColumn>,
): Expression<SqlBool> {
  const behind = order.map(({ column, direction }, index) =>
    eb.and([
      ...order.slice(0, index).map((earlier) => eb(earlier.column, '=', marker[earlier.column])),
      eb(column, direction === 'asc' ? '>' : '<', marker[column]),
    ]),
  );
  return eb.or(behind);
}

/**
 * Matches the same rows, with a condition without "or", so that reading starts at the marker's place in the order's
 * index.
 */
function isFromPlace(
  eb: ExpressionBuilder<Schema, 'backups'>,
  order: Order,
  marker: Pick<BackupRow, SortColumn>,
): Expression<SqlBool> {
  const [first] = order;
  const behind = isBehind(eb, order, marker);
  if (first === undefined) return behind;
  return eb.and([eb(first.column, first.direction === 'asc' ? '>=' : '<=', marker[first.column]), behind]);
}
