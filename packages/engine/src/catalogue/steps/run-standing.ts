import type { ReasonCode } from '@backup-sync/contracts';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { OperationRow, Schema } from '../schema.ts';
import { endOfPrefix } from './end-of-prefix.ts';
import { newestImports } from './run-imports.ts';
import { recordedMembers } from './source-members.ts';

/** The columns of a run that its results depend on; `task` is its request. */
export type Run = Pick<
  Selectable<OperationRow>,
  'id' | 'project_id' | 'source_id' | 'storage_unit_id' | 'bucket_name' | 'task'
>;

/** A backup that is in error for a run. Id and name are null if no record and no import has them. */
export type RunError = {
  readonly image_path: string;
  readonly backup_id: string | null;
  readonly backup_name: string | null;
  readonly reason_code: ReasonCode;
  readonly reason_detail: string;
};

/** Returns the backups in error for a run, in the order of their image paths. */
export async function listErrors(database: Kysely<Schema>, run: Run, limit: number): Promise<readonly RunError[]> {
  const errors = sql<RunError>`${errorsOf(database, run)} order by image_path, backup_id limit ${limit}`;
  return (await errors.execute(database)).rows;
}

export async function countErrors(database: Kysely<Schema>, run: Run): Promise<number> {
  const counted = sql<{ count: number }>`select count(*) as count from (${errorsOf(database, run)}) as error`;
  return Number((await counted.execute(database)).rows[0]?.count ?? 0);
}

/** How the backups of a run stand. Each of them is in one of the two numbers. */
export type RunStanding = {
  /** Number of backups that the run has imported or, if it is the run of a source, confirmed. */
  readonly synced: number;
  readonly inError: number;
  /** The first in the order of image paths; null if none is in error. */
  readonly firstError: RunError | null;
};

/** Returns how the backups of a run stand, as of one moment: other steps may change their records meanwhile. */
export async function runStanding(database: Kysely<Schema>, run: Run): Promise<RunStanding> {
  const synced =
    run.source_id === null
      ? importedBy(database, run).select('import.id')
      : confirmedBy(database, run, run.source_id).select('backups.backup_id');
  const standing = sql<{ synced: number; in_error: number } & Nullable<RunError>>`
    with errors as (${errorsOf(database, run)})
    select (select count(*) from ${synced} as one) as synced, (select count(*) from errors) as in_error, first_error.*
    from (select 1 as row) as always
    left join (select * from errors order by image_path, backup_id limit 1) as first_error on 1 = 1`;
  const [row] = (await standing.execute(database)).rows;
  if (row === undefined) throw new Error('a query of counts returns a row');
  const { synced: syncedCount, in_error: inError, image_path, reason_code, reason_detail, ...named } = row;
  const firstError =
    image_path === null || reason_code === null || reason_detail === null
      ? null
      : { image_path, reason_code, reason_detail, ...named };
  return { synced: Number(syncedCount), inError: Number(inError), firstError };
}

type Nullable<Row> = { readonly [Column in keyof Row]: Row[Column] | null };

function importedBy(database: Kysely<Schema>, run: Run) {
  return newestImports(database, run.id)
    .where('import.status', '=', 'success')
    .where('import.backup_id', 'not in', recordsInError(database, run).clearSelect().select('backups.backup_id'));
}

function confirmedBy(database: Kysely<Schema>, run: Run, sourceId: string) {
  return recordedMembers(database, sourceId)
    .where('member.absent_runs', '=', 0)
    .where('backups.status', '=', 'available')
    .where('backups.backup_id', 'not in', failedImports(database, run).clearSelect().select('import.backup_id'))
    .where('member.image_path', 'not in', problems(database, run).clearSelect().select('finding.problem_path'));
}

/**
 * Selects each backup once, even if several rows describe it. Its record takes precedence, then its import, then the
 * finding.
 */
function errorsOf(database: Kysely<Schema>, run: Run) {
  return sql<RunError>`with record as ${recordsInError(database, run)},
      failed as ${failedImports(database, run)},
      unread as ${problems(database, run)}
    select * from record
    union all select * from failed where backup_id not in (select backup_id from record)
    union all select * from unread where image_path not in (select image_path from record)`;
}

/**
 * Selects the records in error that a run has seen: the members of its source, or else all below the prefix that a scan
 * can find.
 */
function recordsInError(database: Kysely<Schema>, run: Run) {
  const seen =
    run.source_id === null
      ? recordsBelow(database, run)
      : recordedMembers(database, run.source_id).where('member.absent_runs', '=', 0);
  return seen
    .where('backups.status', '=', 'error')
    .select([
      'backups.image_path',
      'backups.backup_id',
      'backups.backup_name',
      'backups.reason_code',
      'backups.reason_detail',
    ]);
}

function recordsBelow(database: Kysely<Schema>, run: Run) {
  const { prefix, pathTemplate } = JSON.parse(run.task ?? '{}') as { prefix: string; pathTemplate: string | null };
  const below = database
    .selectFrom('backups')
    .where('backups.project_id', '=', run.project_id)
    .where('backups.storage_unit_id', '=', run.storage_unit_id)
    .where('backups.bucket_name', '=', run.bucket_name)
    .where('backups.image_path', '>=', prefix)
    .where('backups.image_path', '<', endOfPrefix(prefix))
    .where('backups.forgotten_at_ms', 'is', null)
    .where('backups.vanished_at_ms', 'is', null);
  // Without a template, a scan ignores backups of unknown format.
  return pathTemplate === null ? below.where('backups.format', '!=', 'unknown') : below;
}

function failedImports(database: Kysely<Schema>, run: Run) {
  return newestImports(database, run.id)
    .where('import.status', 'in', ['failed', 'timeout'])
    .leftJoin('backups', (join) =>
      join
        .onRef('backups.project_id', '=', 'import.project_id')
        .onRef('backups.backup_id', '=', 'import.backup_id')
        .on('backups.forgotten_at_ms', 'is', null),
    )
    .select((eb) => [
      eb.fn.coalesce('import.image_path', 'import.chain_root').as('image_path'),
      'import.backup_id',
      'backups.backup_name',
      'import.reason_code',
      'import.reason_detail',
    ]);
}

/** Selects the findings that a run could not import. */
function problems(database: Kysely<Schema>, run: Run) {
  return database
    .selectFrom('scan_findings as finding')
    .where('finding.operation_id', '=', run.id)
    .where('finding.problem_path', 'is not', null)
    .select((eb) => [
      'finding.problem_path as image_path',
      eb.val(null).as('backup_id'),
      eb.val(null).as('backup_name'),
      'finding.problem_code as reason_code',
      'finding.problem_detail as reason_detail',
    ]);
}
