import type { Kysely, Selectable } from 'kysely';
import type { KnownBackup, KnownBackups, RecordedPlace } from '../known-backup-port.ts';
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

/** A page of the places at which something is recorded; see {@link KnownBackups.placesBelow}. */
export async function placesBelow(
  database: Kysely<Schema>,
  place: Parameters<KnownBackups['placesBelow']>[0],
): Promise<readonly RecordedPlace[]> {
  const rows = await database
    .selectFrom('backups')
    .where('project_id', '=', place.projectId)
    .where('storage_unit_id', '=', place.storageUnitId)
    .where('bucket_name', '=', place.bucketName)
    .where('image_path', '>=', place.prefix)
    .where('image_path', '>', place.after)
    .where('forgotten_at_ms', 'is', null)
    .groupBy('image_path')
    .select(({ fn }) => ['image_path', fn.min('format').as('format')])
    .orderBy('image_path')
    .limit(place.limit)
    .execute();
  // In the order of bytes, what begins with the prefix comes first of what is not before it.
  const end = rows.findIndex((row) => !row.image_path.startsWith(place.prefix));
  const below = end === -1 ? rows : rows.slice(0, end);
  return below.map((row) => ({ imagePath: row.image_path, format: row.format }));
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
