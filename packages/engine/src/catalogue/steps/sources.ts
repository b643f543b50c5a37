import type { OperationStatus, ReasonCode } from '@backup-sync/contracts';
import type { Kysely, Selectable } from 'kysely';
import { columnsToFault } from '../backup-rows.ts';
import { differencesOf } from '../differences.ts';
import { lockProjects } from '../locks.ts';
import type { EndedOperation, NewOperation } from '../operation-records.ts';
import { parseProgress } from '../operation-rows.ts';
import type { Schema, SourceRow } from '../schema.ts';
import type { SourceError, SourceMember, SourceRecord } from '../source-records.ts';
import { addOperation } from './add-operation.ts';
import { cancelSingle } from './cancel-operation.ts';
import { lockSource } from './lock-source.ts';
import { releaseRecords } from './record-origin.ts';
import { countErrors, listErrors } from './run-standing.ts';
import { recordedMembers } from './source-members.ts';

/** Selects the rows of sources with the state of their newest run. */
function sourcesWithRun(database: Kysely<Schema>) {
  return database
    .selectFrom('sources')
    .leftJoin('operations as run', 'run.id', 'sources.last_run_id')
    .selectAll('sources')
    .select([
      'run.status as run_status',
      'run.reason_code as run_reason_code',
      'run.reason_detail as run_reason_detail',
      'run.progress as run_progress',
      'run.ended_at_ms as run_ended_at_ms',
    ]);
}

type SourceWithRun = Selectable<SourceRow> & {
  readonly run_status: OperationStatus | null;
  readonly run_reason_code: ReasonCode | null;
  readonly run_reason_detail: string | null;
  readonly run_progress: string | null;
  readonly run_ended_at_ms: number | null;
};

function rowToSource(row: SourceWithRun): SourceRecord {
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    storageUnitId: row.storage_unit_id,
    bucketName: row.bucket_name,
    prefix: row.prefix,
    format: row.format,
    pathTemplate: row.path_template,
    level: row.level,
    intervalS: row.interval_s,
    reverifyAfterS: row.reverify_after_s,
    removalShare: row.removal_share,
    incompleteAfterS: row.incomplete_after_s,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    pausedAtMs: row.paused_at_ms,
    heldAtMs: row.held_at_ms,
    heldCause: row.held_cause,
    heldRunId: row.held_run_id,
    nextRunAtMs: row.next_run_at_ms,
    lastRun:
      row.last_run_id === null || row.run_status === null
        ? null
        : {
            id: row.last_run_id,
            status: row.run_status,
            fault: columnsToFault({ reason_code: row.run_reason_code, reason_detail: row.run_reason_detail ?? '' }),
            progress: parseProgress(row.run_progress),
            endedAtMs: row.run_ended_at_ms,
          },
    lastGoodSyncAtMs: row.last_good_sync_at_ms,
  };
}

export async function addSource(database: Kysely<Schema>, source: SourceRecord): Promise<'added' | 'name_taken'> {
  const { numInsertedOrUpdatedRows } = await database
    .insertInto('sources')
    .values({
      id: source.id,
      project_id: source.projectId,
      name: source.name,
      storage_unit_id: source.storageUnitId,
      bucket_name: source.bucketName,
      prefix: source.prefix,
      format: source.format,
      path_template: source.pathTemplate,
      level: source.level,
      interval_s: source.intervalS,
      reverify_after_s: source.reverifyAfterS,
      removal_share: source.removalShare,
      incomplete_after_s: source.incompleteAfterS,
      created_at_ms: source.createdAtMs,
      updated_at_ms: source.updatedAtMs,
      next_run_at_ms: source.nextRunAtMs,
    })
    .onConflict((conflict) => conflict.columns(['project_id', 'name']).doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 0n ? 'name_taken' : 'added';
}

export async function listSources(database: Kysely<Schema>, projectId: string): Promise<readonly SourceRecord[]> {
  const rows = await sourcesWithRun(database).where('sources.project_id', '=', projectId).orderBy('name').execute();
  return rows.map(rowToSource);
}

export async function showSource(
  database: Kysely<Schema>,
  projectId: string,
  id: string,
): Promise<SourceRecord | null> {
  const row = await sourcesWithRun(database)
    .where('sources.id', '=', id)
    .where('sources.project_id', '=', projectId)
    .executeTakeFirst();
  return row === undefined ? null : rowToSource(row);
}

export async function pauseSource(
  database: Kysely<Schema>,
  projectId: string,
  id: string,
  pausedAtMs: number,
): Promise<SourceRecord | null> {
  await database
    .updateTable('sources')
    .set({ paused_at_ms: pausedAtMs, next_run_at_ms: null, updated_at_ms: pausedAtMs })
    .where('id', '=', id)
    .where('project_id', '=', projectId)
    .execute();
  return await showSource(database, projectId, id);
}

export async function resumeSource(
  database: Kysely<Schema>,
  projectId: string,
  id: string,
  resumedAtMs: number,
): Promise<SourceRecord | null> {
  // Also if it is not paused: nobody may pause it before it is shown.
  const kept = database.selectFrom('sources').where('id', '=', id).where('project_id', '=', projectId).select('id');
  await differencesOf(database).keepRows(kept).execute();
  await database
    .updateTable('sources')
    .set(({ eb }) => ({
      paused_at_ms: null,
      next_run_at_ms: eb.case().when('interval_s', 'is', null).then(null).else(resumedAtMs).end(),
      updated_at_ms: resumedAtMs,
    }))
    .where('id', '=', id)
    .where('project_id', '=', projectId)
    .where('paused_at_ms', 'is not', null)
    .execute();
  return await showSource(database, projectId, id);
}

/** Removes a source, and cancels its runs. */
export async function removeSource(
  database: Kysely<Schema>,
  projectId: string,
  id: string,
  removedAtMs: number,
): Promise<readonly EndedOperation[] | null> {
  await lockProjects(database, () => [projectId]);
  const source = database.selectFrom('sources').where('id', '=', id).where('project_id', '=', projectId);
  if ((await source.select('id').executeTakeFirst()) === undefined) return null;
  const runs = await differencesOf(database)
    .keepRows(
      // The project is left out: SQLite would take an index with everything unfinished in it.
      database.selectFrom('operations').where('source_id', '=', id).where('ended_at_ms', 'is', null).selectAll(),
    )
    .execute();
  const ended: EndedOperation[] = [];
  for (const run of runs) ended.push(...(await cancelSingle(database, run, removedAtMs)));
  await database.deleteFrom('sources').where('id', '=', id).execute();
  await database.deleteFrom('source_members').where('source_id', '=', id).execute();
  for (const table of ['resources', 'resource_heads'] as const) {
    await database.deleteFrom(table).where('project_id', '=', projectId).where('source_id', '=', id).execute();
  }
  await releaseRecords(database, projectId, id, null);
  return ended;
}

export async function dueSources(database: Kysely<Schema>, nowMs: number): Promise<readonly SourceRecord[]> {
  const rows = await sourcesWithRun(database)
    .where('paused_at_ms', 'is', null)
    .where('next_run_at_ms', '<=', nowMs)
    .orderBy('next_run_at_ms')
    .execute();
  return rows.map(rowToSource);
}

export async function nextRunAtMs(database: Kysely<Schema>): Promise<number | null> {
  const row = await database
    .selectFrom('sources')
    .where('paused_at_ms', 'is', null)
    .select(({ fn }) => fn.min('next_run_at_ms').as('next'))
    .executeTakeFirst();
  return row?.next ?? null;
}

/** Adds the operation of a run, unless one is listing. */
export async function startRun(
  database: Kysely<Schema>,
  run: {
    readonly sourceId: string;
    readonly operation: NewOperation;
    readonly nextRunAtMs: number | null;
    /** As in the request of the operation. A run under way cannot be joined for this. */
    readonly confirmsRemovals: boolean;
  },
): Promise<{ readonly operationId: string; readonly isNew: boolean } | null> {
  await lockSource(database, run.sourceId);
  const source = await database
    .selectFrom('sources')
    .leftJoin('operations', 'operations.id', 'sources.last_run_id')
    .where('sources.id', '=', run.sourceId)
    .select(['operations.id as run_id', 'operations.ended_at_ms', 'operations.listed_at_ms'])
    .executeTakeFirst();
  if (source === undefined) return null;
  const isListing = source.ended_at_ms === null && source.listed_at_ms === null;
  const joined = isListing ? source.run_id : null;
  if (joined === null) await addOperation(database, run.operation);
  await database
    .updateTable('sources')
    .set({ last_run_id: joined ?? run.operation.id, next_run_at_ms: run.nextRunAtMs })
    .where('id', '=', run.sourceId)
    .execute();
  return { operationId: joined ?? run.operation.id, isNew: joined === null };
}

export async function heldMembers(
  database: Kysely<Schema>,
  sourceId: string,
  limit: number,
): Promise<{ readonly members: readonly SourceMember[]; readonly count: number }> {
  const held = recordedMembers(database, sourceId).where('member.held', '=', 1);
  const { count } = await held.select(({ fn }) => fn.countAll().as('count')).executeTakeFirstOrThrow();
  const rows = await held
    .select(['member.image_path', 'member.backup_id'])
    .orderBy('member.image_path')
    .limit(limit)
    .execute();
  const members = rows.map((row) => ({ imagePath: row.image_path, backupId: row.backup_id }));
  return { members, count: Number(count) };
}

/** Returns the backups of a source that are in error. */
export async function listSourceErrors(
  database: Kysely<Schema>,
  source: SourceRecord,
  limit: number,
): Promise<{ readonly errors: readonly SourceError[]; readonly count: number }> {
  const listed = await database
    .selectFrom('operations')
    .where('source_id', '=', source.id)
    .where('listed_at_ms', 'is not', null)
    .select('id')
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  const run = {
    // Before the first run there are no findings and no imports, but there may be records from an older release.
    id: listed?.id ?? '',
    project_id: source.projectId,
    source_id: source.id,
    storage_unit_id: source.storageUnitId,
    bucket_name: source.bucketName,
    task: null,
  };
  const rows = await listErrors(database, run, limit);
  const errors = rows.map((row) => ({
    imagePath: row.image_path,
    backupId: row.backup_id,
    backupName: row.backup_name,
    fault: { code: row.reason_code, detail: row.reason_detail },
  }));
  return { errors, count: await countErrors(database, run) };
}
