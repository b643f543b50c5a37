import type { Kysely, Selectable } from 'kysely';
import type { Schema, SourceRow } from '../schema.ts';
import type { SourceMember, SourceRecord, SourceStore } from '../source-port.ts';
import { recordedMembers } from './source-members.ts';
import { addTask } from './tasks.ts';

function rowToSource(row: Selectable<SourceRow>): SourceRecord {
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
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    pausedAtMs: row.paused_at_ms,
    heldAtMs: row.held_at_ms,
    heldCause: row.held_cause,
    heldRunId: row.held_run_id,
    nextRunAtMs: row.next_run_at_ms,
    lastRunId: row.last_run_id,
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
      created_at_ms: source.createdAtMs,
      updated_at_ms: source.updatedAtMs,
      next_run_at_ms: source.nextRunAtMs,
    })
    .onConflict((conflict) => conflict.columns(['project_id', 'name']).doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 0n ? 'name_taken' : 'added';
}

export async function listSources(database: Kysely<Schema>, projectId: string): Promise<readonly SourceRecord[]> {
  const rows = await database
    .selectFrom('sources')
    .where('project_id', '=', projectId)
    .selectAll()
    .orderBy('name')
    .execute();
  return rows.map(rowToSource);
}

export async function showSource(
  database: Kysely<Schema>,
  projectId: string,
  id: string,
): Promise<SourceRecord | null> {
  const row = await database
    .selectFrom('sources')
    .where('id', '=', id)
    .where('project_id', '=', projectId)
    .selectAll()
    .executeTakeFirst();
  return row === undefined ? null : rowToSource(row);
}

/** Pauses a source or plans its next run. */
export async function planSource(
  database: Kysely<Schema>,
  projectId: string,
  id: string,
  plan: Parameters<SourceStore['planSource']>[2],
): Promise<SourceRecord | null> {
  const row = await database
    .updateTable('sources')
    .set({ paused_at_ms: plan.pausedAtMs, next_run_at_ms: plan.nextRunAtMs, updated_at_ms: plan.plannedAtMs })
    .where('id', '=', id)
    .where('project_id', '=', projectId)
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? null : rowToSource(row);
}

export async function removeSource(database: Kysely<Schema>, projectId: string, id: string): Promise<boolean> {
  const { numDeletedRows } = await database
    .deleteFrom('sources')
    .where('id', '=', id)
    .where('project_id', '=', projectId)
    .executeTakeFirstOrThrow();
  await database.deleteFrom('source_members').where('source_id', '=', id).execute();
  for (const table of ['resources', 'resource_heads'] as const) {
    await database.deleteFrom(table).where('project_id', '=', projectId).where('source_id', '=', id).execute();
  }
  return numDeletedRows > 0n;
}

export async function dueSources(database: Kysely<Schema>, nowMs: number): Promise<readonly SourceRecord[]> {
  const rows = await database
    .selectFrom('sources')
    .where('paused_at_ms', 'is', null)
    .where('next_run_at_ms', '<=', nowMs)
    .selectAll()
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

/** Adds the task of a run, unless one is under way; see {@link SourceStore.startRun}. */
export async function startRun(
  database: Kysely<Schema>,
  run: Parameters<SourceStore['startRun']>[0],
): Promise<{ readonly operationId: string; readonly isNew: boolean } | null> {
  const source = await database
    .selectFrom('sources')
    .leftJoin('operations', 'operations.id', 'sources.last_run_id')
    .where('sources.id', '=', run.sourceId)
    .select(['operations.id as run_id', 'operations.ended_at_ms'])
    .executeTakeFirst();
  if (source === undefined) return null;
  const underWay = source.run_id !== null && source.ended_at_ms === null ? source.run_id : null;
  if (underWay === null) await addTask(database, run.task);
  await database
    .updateTable('sources')
    .set({ last_run_id: underWay ?? run.task.id, next_run_at_ms: run.nextRunAtMs })
    .where('id', '=', run.sourceId)
    .execute();
  return { operationId: underWay ?? run.task.id, isNew: underWay === null };
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
