import type { BackupFormat, HoldCause } from '@backup-sync/contracts';
import { type Kysely, sql } from 'kysely';
import { differencesOf } from '../differences.ts';
import type { Schema } from '../schema.ts';
import type { ClosedListing, SourceMember } from '../source-records.ts';
import { chunks } from './chunk.ts';
import { lockProjectOfSource, lockSource } from './lock-source.ts';
import { adoptRecords } from './record-origin.ts';
import { recordedMembers } from './source-members.ts';
import { HeadTracker, memberRecords } from './track-heads.ts';

/** Number of complete listings in a row that must have missed a backup before it can be marked. */
const absencesNeeded = 2;

/** Records what a run has seen. */
export async function noteSightings(
  database: Kysely<Schema>,
  sourceId: string,
  runId: string,
  sightings: readonly (SourceMember & { readonly importOperationId: string | null })[],
): Promise<boolean> {
  await lockSource(database, sourceId);
  const source = await database
    .selectFrom('sources')
    .where('id', '=', sourceId)
    .select(['project_id', 'prefix'])
    .executeTakeFirst();
  if (source === undefined) return false;
  // The prefix may have been narrowed since the run started.
  const below = sightings.filter(({ imagePath }) => imagePath.startsWith(source.prefix));
  const heads = new HeadTracker(database, source.project_id);
  for (const some of chunks(below)) {
    await heads.willChange(await changedMembers(database, sourceId, some));
    await database
      .insertInto('source_members')
      .values(
        some.map(({ imagePath, backupId, importOperationId }) => ({
          source_id: sourceId,
          image_path: imagePath,
          backup_id: backupId,
          seen_run_id: runId,
          absent_run_id: null,
          absent_runs: 0,
          held: 0 as const,
          import_operation_id: importOperationId,
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['source_id', 'image_path']).doUpdateSet((eb) => ({
          backup_id: eb.ref('excluded.backup_id'),
          seen_run_id: runId,
          absent_run_id: null,
          absent_runs: 0,
          held: 0,
          import_operation_id: eb.ref('excluded.import_operation_id'),
        })),
      )
      .execute();
  }
  await adoptRecords(
    database,
    source.project_id,
    below.map(({ backupId }) => backupId),
  );
  await heads.settle();
  return true;
}

/** The backups that become members by these sightings, and those that they replace. */
async function changedMembers(
  database: Kysely<Schema>,
  sourceId: string,
  sightings: readonly SourceMember[],
): Promise<readonly string[]> {
  const rows = await database
    .selectFrom('source_members')
    .where('source_id', '=', sourceId)
    .where(
      'image_path',
      'in',
      sightings.map(({ imagePath }) => imagePath),
    )
    .select(['image_path', 'backup_id'])
    .execute();
  const memberAt = new Map(rows.map((row) => [row.image_path, row.backup_id]));
  return sightings.flatMap(({ imagePath, backupId }) => {
    const before = memberAt.get(imagePath);
    if (before === backupId) return [];
    return before === undefined ? [backupId] : [before, backupId];
  });
}

/** Counts absences after a complete listing. */
export async function closeListing(
  database: Kysely<Schema>,
  sourceId: string,
  runId: string,
  passedOver: readonly string[],
): Promise<ClosedListing> {
  await lockProjectOfSource(database, sourceId);
  await dropPassedOver(database, sourceId, passedOver);
  await database
    .updateTable('source_members')
    .set((eb) => ({ absent_run_id: runId, absent_runs: eb('absent_runs', '+', 1) }))
    .where('source_id', '=', sourceId)
    .where('seen_run_id', '!=', runId)
    .where(({ eb, or }) => or([eb('absent_run_id', 'is', null), eb('absent_run_id', '!=', runId)]))
    .execute();
  await database
    .deleteFrom('source_members')
    .where('source_id', '=', sourceId)
    .where('seen_run_id', '!=', runId)
    // Vanished members stay: the source must still have a backup of their resource.
    .where(
      'image_path',
      'not in',
      memberRecords(database).where('member.source_id', '=', sourceId).select('member.image_path'),
    )
    .execute();
  const row = await recordedMembers(database, sourceId)
    .select(({ fn, eb }) => {
      const due = eb('member.absent_runs', '>=', absencesNeeded);
      return [
        fn.countAll().as('records'),
        fn.countAll().filterWhere('member.absent_runs', '>', 0).as('absent'),
        fn.countAll().filterWhere(due).as('due'),
        fn.countAll().filterWhere('member.held', '=', 1).as('held'),
        fn
          .countAll()
          .filterWhere(eb.and([due, eb('member.held', '=', 1)]))
          .as('held_due'),
      ];
    })
    .executeTakeFirstOrThrow();
  return {
    records: Number(row.records),
    absent: Number(row.absent),
    due: Number(row.due),
    held: Number(row.held),
    heldDue: Number(row.held_due),
  };
}

/** Drops the members in these folders. Their backups appear there a second time, and expire. */
async function dropPassedOver(database: Kysely<Schema>, sourceId: string, folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const members = await database
      .selectFrom('source_members as member')
      .innerJoin('sources', 'sources.id', 'member.source_id')
      .where('member.source_id', '=', sourceId)
      .where(differencesOf(database).contains(sql`'/' || member.image_path`, `/${folder}/`))
      .select(['member.image_path', 'member.backup_id', 'sources.project_id'])
      .execute();
    const [first] = members;
    if (first === undefined) continue;
    const heads = new HeadTracker(database, first.project_id);
    await heads.willChange(members.map((member) => member.backup_id));
    for (const some of chunks(members)) {
      await database
        .deleteFrom('source_members')
        .where('source_id', '=', sourceId)
        .where(
          'image_path',
          'in',
          some.map((member) => member.image_path),
        )
        .execute();
    }
    await heads.settle();
  }
}

/** Holds a source until its removals are confirmed. */
export async function hold(
  database: Kysely<Schema>,
  sourceId: string,
  runId: string,
  cause: HoldCause,
  heldAtMs: number,
): Promise<void> {
  await lockSource(database, sourceId);
  await database
    .updateTable('sources')
    .set({ held_at_ms: heldAtMs, held_cause: cause, held_run_id: runId, updated_at_ms: heldAtMs })
    .where('id', '=', sourceId)
    .execute();
  await database
    .updateTable('source_members')
    .set({ held: 1 })
    .where('source_id', '=', sourceId)
    .where('absent_run_id', '=', runId)
    .execute();
}

export async function release(database: Kysely<Schema>, sourceId: string): Promise<void> {
  await lockSource(database, sourceId);
  await database
    .updateTable('sources')
    .set({ held_at_ms: null, held_cause: null, held_run_id: null })
    .where('id', '=', sourceId)
    .execute();
  await database.updateTable('source_members').set({ held: 0 }).where('source_id', '=', sourceId).execute();
}

export async function dueMembers(
  database: Kysely<Schema>,
  run: {
    readonly sourceId: string;
    readonly runId: string;
    readonly onlyHeld: boolean;
    readonly after: string;
    readonly limit: number;
  },
): Promise<readonly (SourceMember & { readonly format: BackupFormat })[]> {
  let due = recordedMembers(database, run.sourceId)
    .where('member.absent_run_id', '=', run.runId)
    .where('member.absent_runs', '>=', absencesNeeded)
    .where('member.image_path', '>', run.after);
  if (run.onlyHeld) due = due.where('member.held', '=', 1);
  const rows = await due
    .select(['member.image_path', 'member.backup_id', 'backups.format'])
    .orderBy('member.image_path')
    .limit(run.limit)
    .execute();
  return rows.map((row) => ({ imagePath: row.image_path, backupId: row.backup_id, format: row.format }));
}

/** Marks records vanished. */
export async function markVanished(
  database: Kysely<Schema>,
  marking: {
    readonly sourceId: string;
    readonly runId: string;
    readonly unchangedSinceMs: number;
    readonly markedAtMs: number;
    readonly members: readonly SourceMember[];
  },
): Promise<number> {
  await lockSource(database, marking.sourceId);
  const source = await database.selectFrom('sources').where('id', '=', marking.sourceId).selectAll().executeTakeFirst();
  if (source === undefined) return 0;
  let marked = 0;
  const heads = new HeadTracker(database, source.project_id);
  await heads.willChange(marking.members.map(({ backupId }) => backupId));
  for (const { imagePath, backupId } of marking.members) {
    const { numUpdatedRows } = await database
      .updateTable('backups')
      .set((eb) => ({
        status: 'error',
        reason_code: 'vanished',
        reason_detail: `${source.bucket_name}/${imagePath}, last looked for by source ${source.name}`,
        vanished_at_ms: marking.markedAtMs,
        updated_at_ms: marking.markedAtMs,
        last_operation_id: marking.runId,
        revision: eb('revision', '+', 1),
      }))
      .where('project_id', '=', source.project_id)
      .where('backup_id', '=', backupId)
      .where('storage_unit_id', '=', source.storage_unit_id)
      .where('bucket_name', '=', source.bucket_name)
      .where('image_path', '=', imagePath)
      .where('forgotten_at_ms', 'is', null)
      .where('vanished_at_ms', 'is', null)
      .where(({ eb, or, lit }) =>
        or([
          eb('updated_at_ms', '<', marking.unchangedSinceMs),
          // Later than now: a clock that was ahead wrote it, and was set back before this run started.
          marking.markedAtMs >= marking.unchangedSinceMs ? eb('updated_at_ms', '>', marking.markedAtMs) : lit(false),
        ]),
      )
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('operations')
              .select('operations.id')
              .where('operations.project_id', '=', source.project_id)
              .where('operations.backup_id', '=', backupId)
              .where('operations.ended_at_ms', 'is', null),
          ),
        ),
      )
      .executeTakeFirstOrThrow();
    marked += Number(numUpdatedRows);
  }
  await heads.settle();
  return marked;
}

/** Resets the absences of members. These members were found by a direct look, so counting starts again. */
export async function keepMembers(
  database: Kysely<Schema>,
  sourceId: string,
  imagePaths: readonly string[],
): Promise<void> {
  await lockSource(database, sourceId);
  for (const some of chunks(imagePaths)) {
    await database
      .updateTable('source_members')
      .set({ absent_runs: 0, held: 0 })
      .where('source_id', '=', sourceId)
      .where('image_path', 'in', some)
      .execute();
  }
}

export async function awaitImports(database: Kysely<Schema>, sourceId: string, runId: string): Promise<void> {
  await lockSource(database, sourceId);
  await database.updateTable('sources').set({ unsettled_run_id: runId }).where('id', '=', sourceId).execute();
}
