import { type BackupFormat, type DataLevel, dataLevels, verificationLevels } from '@backup-sync/contracts';
import { type Kysely, type SqlBool, sql } from 'kysely';
import type { NewOperation } from '../operation-records.ts';
import type { Schema } from '../schema.ts';
import type { SourceVerification } from '../source-records.ts';
import { addOperation } from './add-operation.ts';
import { lockSourceOfRun } from './lock-source.ts';
import { recordedMembers } from './source-members.ts';

/** Adds verifications of members that are not proved to the level of their source. */
export async function startVerifications(
  database: Kysely<Schema>,
  {
    runId,
    ids,
    createdAtMs,
  }: { readonly runId: string; readonly ids: readonly string[]; readonly createdAtMs: number },
): Promise<readonly SourceVerification[]> {
  await lockSourceOfRun(database, runId);
  const source = await database
    .selectFrom('operations as any_run')
    .innerJoin('sources', 'sources.id', 'any_run.source_id')
    .innerJoin('operations as run', 'run.id', 'sources.last_run_id')
    .where('any_run.id', '=', runId)
    .selectAll('sources')
    .select(['run.id as run_id', 'run.sequence as run_sequence', 'run.created_at_ms as run_created_at_ms'])
    .select(['run.actor_kind', 'run.actor_name', 'run.request_id'])
    .executeTakeFirst();
  const level = dataLevels.find((each) => each === source?.level);
  if (source === undefined || level === undefined) return [];
  const unfinished = await database
    .selectFrom('operations')
    .innerJoin('operations as parent', 'parent.id', 'operations.parent_operation_id')
    .where('parent.source_id', '=', source.id)
    // Not by the bare column: the index of unfinished operations is the smaller one.
    .where(sql`operations.kind || ''`, '=', 'verify')
    .where('operations.ended_at_ms', 'is', null)
    .select(({ fn }) => fn.countAll().as('count'))
    .executeTakeFirstOrThrow();
  const free = ids.slice(Number(unfinished.count));
  if (free.length === 0) return [];
  const backups = await membersToVerify(database, { ...source, level }, source.run_sequence, createdAtMs, free.length);
  const started: SourceVerification[] = [];
  for (const [index, backupId] of backups.entries()) {
    const id = free[index];
    if (id === undefined) break;
    const operation: NewOperation = {
      id,
      projectId: source.project_id,
      kind: 'verify',
      parentOperationId: source.run_id,
      sourceId: null,
      storageUnitId: source.storage_unit_id,
      bucketName: source.bucket_name,
      backupId,
      request: { level, readAfterMs: source.run_created_at_ms, objectsReadAfterMs: provedSinceMs(source, createdAtMs) },
      actor: { kind: source.actor_kind, name: source.actor_name },
      requestId: source.request_id,
      createdAtMs,
      lane: 'mass',
    };
    await addOperation(database, operation);
    const { kind, projectId, storageUnitId, bucketName } = operation;
    started.push({ backupId, operation: { id, kind, projectId, storageUnitId, bucketName } });
  }
  return started;
}

/** Returns the newest runs of the sources that want a level which reads data. */
export async function runsToVerify(database: Kysely<Schema>): Promise<readonly string[]> {
  const runs = await database
    .selectFrom('sources')
    .innerJoin('operations as run', 'run.id', 'sources.last_run_id')
    .where('sources.level', 'in', dataLevels)
    .where(({ eb, or }) => or([eb('run.listed_at_ms', 'is not', null), eb('run.ended_at_ms', 'is not', null)]))
    .select('run.id')
    .execute();
  return runs.map(({ id }) => id);
}

type SourceToVerify = {
  readonly id: string;
  readonly project_id: string;
  readonly level: DataLevel;
  readonly reverify_after_s: number | null;
};

/** Proofs count since this time, in milliseconds since 1970. */
function provedSinceMs({ reverify_after_s: afterS }: Pick<SourceToVerify, 'reverify_after_s'>, nowMs: number): number {
  return afterS === null ? 0 : nowMs - afterS * 1000;
}

/** Reading a backup in these formats shows what its level does not say. Only its verifications show that it was read. */
const formatsWithFacts: readonly BackupFormat[] = ['restic'];

/**
 * Returns the members to verify, newest first, because those are the ones people restore. A backup that was read to its
 * ceiling counts as proved, even if that is below the wanted level, and one whose ceiling needs no reading is left out.
 */
async function membersToVerify(
  database: Kysely<Schema>,
  source: SourceToVerify,
  runSequence: number,
  nowMs: number,
  limit: number,
): Promise<readonly string[]> {
  const sinceMs = provedSinceMs(source, nowMs);
  const enough = verificationLevels.slice(verificationLevels.indexOf(source.level));
  const isBelowCeiling = sql<SqlBool>`(backups.ceiling is null or backups.level <> backups.ceiling)`;
  const rows = await recordedMembers(database, source.id)
    .where('backups.status', '=', 'available')
    .where('backups.format', '!=', 'unknown')
    .where(({ eb, or }) =>
      or([
        eb('backups.ceiling', 'is', null),
        eb('backups.ceiling', 'in', dataLevels),
        eb('backups.format', 'in', formatsWithFacts),
      ]),
    )
    .where(({ eb, or }) =>
      or([
        eb('backups.level', 'is', null),
        eb('backups.level', 'not in', enough).and(isBelowCeiling),
        eb('backups.format', 'in', formatsWithFacts),
        eb('backups.verified_at_ms', '<', sinceMs),
        // A clock that was ahead wrote this time, so it does not show how long ago it was.
        eb('backups.verified_at_ms', '>', nowMs),
      ]),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('operations')
            .select('operations.id')
            .whereRef('operations.project_id', '=', 'backups.project_id')
            .whereRef('operations.backup_id', '=', 'backups.backup_id')
            // Not as a parameter: the index has only this kind.
            .where('operations.kind', '=', sql.lit('verify'))
            .where(({ eb, and, or, ref }) =>
              or([
                eb('operations.ended_at_ms', 'is', null),
                // Once per run, whatever the result.
                eb('operations.sequence', '>', runSequence),
                and([
                  eb('operations.status', '=', 'success'),
                  eb('operations.created_at_ms', '>=', sinceMs),
                  eb('operations.created_at_ms', '<=', nowMs),
                  or([
                    eb('operations.ended_at_ms', '>=', ref('backups.updated_at_ms')),
                    // A prune changes the records of all snapshots. What it wrote is read with the next one.
                    eb('backups.facts', 'is not', null),
                  ]),
                ]),
              ]),
            ),
        ),
      ),
    )
    .select('backups.backup_id')
    // Not by the bare column: to use its index, SQLite would go through all records of the project, not only the
    // source's.
    .orderBy(sql`backups.taken_at_ms + 0`, 'desc')
    .orderBy('backups.backup_id')
    .limit(limit)
    .execute();
  return rows.map((row) => row.backup_id);
}
