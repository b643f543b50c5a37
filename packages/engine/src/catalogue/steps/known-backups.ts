import type { Kysely, Selectable } from 'kysely';
import type { KnownBackup, KnownBackups } from '../known-backup-port.ts';
import { rowToRecord } from '../rows.ts';
import type { BackupRow, Schema } from '../schema.ts';
import { chunks } from './chunk.ts';
import { findProofs } from './find-proofs.ts';

type Place = Parameters<KnownBackups['knownAtPlaces']>[0];

/** What is recorded at these places; see {@link KnownBackups}. */
export async function knownAtPlaces(database: Kysely<Schema>, place: Place): Promise<readonly KnownBackup[]> {
  const rows: Selectable<BackupRow>[] = [];
  for (const imagePaths of chunks(place.imagePaths)) {
    const some = await database
      .selectFrom('backups')
      .where('project_id', '=', place.projectId)
      .where('storage_unit_id', '=', place.storageUnitId)
      .where('bucket_name', '=', place.bucketName)
      .where('image_path', 'in', imagePaths)
      .selectAll()
      .execute();
    rows.push(...some);
  }
  return withProofs(database, place.projectId, rows);
}

/** What is recorded under these ids; see {@link KnownBackups}. */
export async function knownByIds(
  database: Kysely<Schema>,
  projectId: string,
  backupIds: readonly string[],
): Promise<readonly KnownBackup[]> {
  const rows: Selectable<BackupRow>[] = [];
  for (const ids of chunks(backupIds)) {
    const some = await database
      .selectFrom('backups')
      .where('project_id', '=', projectId)
      .where('backup_id', 'in', ids)
      .selectAll()
      .execute();
    rows.push(...some);
  }
  return withProofs(database, projectId, rows);
}

async function withProofs(
  database: Kysely<Schema>,
  projectId: string,
  rows: readonly Selectable<BackupRow>[],
): Promise<readonly KnownBackup[]> {
  const proofs = await findProofs(
    database,
    projectId,
    rows.map((row) => row.backup_id),
  );
  const proofOf = new Map(proofs.map((proof) => [proof.backupId, proof]));
  return rows.map((row) => ({
    record: rowToRecord(row),
    isForgotten: row.forgotten_at_ms !== null,
    isVanished: row.vanished_at_ms !== null,
    proof: proofOf.get(row.backup_id) ?? null,
  }));
}
