import type { Insertable, Kysely, Selectable, Updateable } from 'kysely';
import { v7 as newId } from 'uuid';
import type { Verdict } from '../backup-records.ts';
import { proofToRow, recordToColumns } from '../backup-rows.ts';
import { fixedQuery } from '../fixed-query.ts';
import { lockParts } from '../locks.ts';
import type { DueChain } from '../operation-records.ts';
import type { BackupRow, Schema, VerificationRow } from '../schema.ts';
import { acceptDependants } from './accept-dependants.ts';
import { chunks } from './chunk.ts';
import { spreadFaults } from './spread-faults.ts';
import { HeadTracker } from './track-heads.ts';

const recordOf = fixedQuery((database, { projectId, backupId }: { projectId: string; backupId: string }) =>
  database.selectFrom('backups').where('project_id', '=', projectId).where('backup_id', '=', backupId).selectAll(),
);

const insertRecord = fixedQuery((database, { row }: { row: Insertable<BackupRow> }) =>
  database.insertInto('backups').values(row),
);

const updateRecord = fixedQuery(
  (
    database,
    { projectId, backupId, columns }: { projectId: string; backupId: string; columns: Updateable<BackupRow> },
  ) =>
    database.updateTable('backups').set(columns).where('project_id', '=', projectId).where('backup_id', '=', backupId),
);

const insertProof = fixedQuery((database, { row }: { row: Insertable<VerificationRow> }) =>
  database.insertInto('verifications').values(row),
);

/** Writes a record and proofs. Returns the chains of the backups to be examined because of this verdict. */
export async function writeVerdict(database: Kysely<Schema>, verdict: Verdict): Promise<readonly DueChain[] | null> {
  await lockParts(database, verdict.projectId, () => [['backup', verdict.backupId]]);
  const { projectId, backupId } = verdict;
  const recorded = await recordOf.first(database, { projectId, backupId });
  const shown = recorded === undefined || recorded.forgotten_at_ms !== null ? null : recorded.revision;
  if (shown !== verdict.decidedOnRevision) return null;
  // Most imports find nothing new.
  if (verdict.record === null && verdict.proofs.length === 0) return [];

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
    // The backup was just seen and requested, so no mark applies any more.
    forgotten_at_ms: null,
    part_of: null,
    vanished_at_ms: null,
  };
  if (revision === null) {
    await insertRecord.all(database, { row: { ...columns, created_at_ms: endedAtMs, revision: 1 } });
    return;
  }
  await updateRecord.all(database, { projectId, backupId, columns: { ...columns, revision: revision + 1 } });
}

async function writeProofs(database: Kysely<Schema>, { proofs, projectId, operationId }: Verdict): Promise<void> {
  const rows = proofs.map((proof) => proofToRow(proof, { id: newId(), projectId, operationId }));
  const [first, ...others] = rows;
  if (first === undefined) return;
  if (others.length === 0) await insertProof.all(database, { row: first });
  else for (const some of chunks(rows)) await database.insertInto('verifications').values(some).execute();
}
