import type { Kysely, Selectable } from 'kysely';
import { v7 as newId } from 'uuid';
import type { Verdict } from '../backup-records.ts';
import { proofToRow, recordToColumns } from '../backup-rows.ts';
import { lockParts } from '../locks.ts';
import type { DueChain } from '../operation-records.ts';
import type { BackupRow, Schema } from '../schema.ts';
import { acceptDependants } from './accept-dependants.ts';
import { chunks } from './chunk.ts';
import { spreadFaults } from './spread-faults.ts';
import { HeadTracker } from './track-heads.ts';

/** Writes a record and proofs. Returns the chains of the backups to be examined because of this verdict. */
export async function writeVerdict(database: Kysely<Schema>, verdict: Verdict): Promise<readonly DueChain[] | null> {
  await lockParts(database, verdict.projectId, () => [['backup', verdict.backupId]]);
  const recorded = await database
    .selectFrom('backups')
    .where('project_id', '=', verdict.projectId)
    .where('backup_id', '=', verdict.backupId)
    .selectAll()
    .executeTakeFirst();
  const shown = recorded === undefined || recorded.forgotten_at_ms !== null ? null : recorded.revision;
  if (shown !== verdict.decidedOnRevision) return null;

  const heads = new HeadTracker(database, verdict.projectId);
  await heads.willChange([verdict.backupId]);
  await writeRecord(database, verdict, recorded?.revision ?? null);
  await writeProofs(database, verdict);
  await spreadFaults(database, verdict, heads);
  await heads.settle();
  return await examineDependants(database, verdict, recorded);
}

/** Accepts imports of the backups that build on this one if it becomes whole, moves, or is no longer whole. */
async function examineDependants(
  database: Kysely<Schema>,
  { record, projectId, backupId, operationId, endedAtMs }: Verdict,
  before: Selectable<BackupRow> | undefined,
): Promise<readonly DueChain[]> {
  if (record === null) return [];
  const wasAvailable = before?.status === 'available' && before.forgotten_at_ms === null;
  const hasMoved =
    before?.bucket_name !== record.location.bucketName || before.image_path !== record.location.imagePath;
  const origin = { operationId, acceptedAtMs: endedAtMs };
  if (record.status === 'available') {
    return wasAvailable && !hasMoved ? [] : await acceptDependants(database, { projectId, backupId }, 'broken', origin);
  }
  // A lasting fault has been spread to them already.
  if (!wasAvailable) return [];
  return await acceptDependants(database, { projectId, backupId }, 'available', origin);
}

async function writeRecord(
  database: Kysely<Schema>,
  { record, endedAtMs, operationId, projectId, backupId }: Verdict,
  /** The revision of the existing row, forgotten or not; null if there is none. */
  revision: number | null,
): Promise<void> {
  if (record === null) return;
  if (record.projectId !== projectId || record.backupId !== backupId) {
    throw new Error(`Operation ${operationId} must write the record of its own backup, not of ${record.backupId}.`);
  }
  const columns = {
    ...recordToColumns(record),
    last_operation_id: operationId,
    updated_at_ms: endedAtMs,
    // The backup was just seen and requested, so neither mark applies any more.
    forgotten_at_ms: null,
    vanished_at_ms: null,
  };
  if (revision === null) {
    await database
      .insertInto('backups')
      .values({ ...columns, created_at_ms: endedAtMs, revision: 1 })
      .execute();
    return;
  }
  await database
    .updateTable('backups')
    .set({ ...columns, revision: revision + 1 })
    .where('project_id', '=', record.projectId)
    .where('backup_id', '=', record.backupId)
    .execute();
}

async function writeProofs(database: Kysely<Schema>, { proofs, projectId, operationId }: Verdict): Promise<void> {
  const rows = proofs.map((proof) => proofToRow(proof, { id: newId(), projectId, operationId }));
  for (const some of chunks(rows)) await database.insertInto('verifications').values(some).execute();
}
