import type { Kysely, Selectable } from 'kysely';
import { columnsToFault, rowToRecord, rowToShared } from '../backup-rows.ts';
import { differencesOf } from '../differences.ts';
import { fixedQuery } from '../fixed-query.ts';
import type { KnownBackup, RecordedBackup } from '../known-backup.ts';
import type { BackupRow, Schema } from '../schema.ts';
import { chunks } from './chunk.ts';
import { findProofs } from './find-proofs.ts';

type Bucket = {
  readonly projectId: string;
  readonly storageUnitId: string;
  readonly bucketName: string;
};
type Place = Bucket & { readonly imagePaths: readonly string[] };

/** Returns the records at these places. */
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

/** Returns a page of the records below a prefix. */
export async function recordedBelow(
  database: Kysely<Schema>,
  place: Bucket & { readonly prefix: string; readonly after: string; readonly limit: number },
): Promise<{ readonly backups: readonly RecordedBackup[]; readonly isLast: boolean }> {
  const recorded = database
    .selectFrom('backups')
    .where('project_id', '=', place.projectId)
    .where('storage_unit_id', '=', place.storageUnitId)
    .where('bucket_name', '=', place.bucketName)
    .where('forgotten_at_ms', 'is', null)
    .select(['backup_id', 'image_path', 'format', 'reason_code', 'reason_detail', 'verified_at_ms'])
    .select(['listing_digest', 'listing_fingerprint', 'shared_listing']);
  const rows = await recorded
    .where('image_path', '>=', place.prefix)
    .where('image_path', '>', place.after)
    .orderBy('image_path')
    .limit(place.limit)
    .execute();
  // The query starts at the prefix, and in the order of bytes the paths with the prefix come before all others.
  const end = rows.findIndex((row) => !row.image_path.startsWith(place.prefix));
  const below = end === -1 ? rows : rows.slice(0, end);
  const isLast = end !== -1 || rows.length < place.limit;
  const last = below.at(-1);
  if (isLast || last === undefined) return { backups: below.map(rowToRecorded), isLast };
  // More backups of the last path may follow.
  const whole = below.filter((row) => row.image_path !== last.image_path);
  const page = whole.length > 0 ? whole : await recorded.where('image_path', '=', last.image_path).execute();
  return { backups: page.map(rowToRecorded), isLast };
}

function rowToRecorded(
  row: Pick<
    Selectable<BackupRow>,
    | 'backup_id'
    | 'image_path'
    | 'format'
    | 'reason_code'
    | 'reason_detail'
    | 'verified_at_ms'
    | 'listing_digest'
    | 'listing_fingerprint'
    | 'shared_listing'
  >,
): RecordedBackup {
  return {
    backupId: row.backup_id,
    imagePath: row.image_path,
    format: row.format,
    fault: columnsToFault(row),
    verifiedAtMs: row.verified_at_ms,
    digest: row.listing_digest,
    fingerprint: row.listing_fingerprint,
    shared: rowToShared(row),
  };
}

/** Returns the records with these ids. */
export async function knownByIds(
  database: Kysely<Schema>,
  projectId: string,
  backupIds: readonly string[],
): Promise<readonly KnownBackup[]> {
  const ids = differencesOf(database).asList(backupIds);
  return withProofs(database, projectId, await recordsOf.all(database, { projectId, ids }));
}

/** Returns the records of the backups that build on these. */
export async function knownChildren(
  database: Kysely<Schema>,
  projectId: string,
  backupIds: readonly string[],
): Promise<readonly KnownBackup[]> {
  const ids = differencesOf(database).asList(backupIds);
  return withProofs(database, projectId, await childrenOf.all(database, { projectId, ids }));
}

/** `ids` is a list, see `Differences`. */
type Ids = { readonly projectId: string; readonly ids: string };

const recordsOf = fixedQuery((database, { projectId, ids }: Ids) =>
  database
    .selectFrom('backups')
    .where('project_id', '=', projectId)
    .where(({ ref }) => differencesOf(database).isAmong(ref('backup_id'), ids))
    .selectAll(),
);

const childrenOf = fixedQuery((database, { projectId, ids }: Ids) =>
  database
    .selectFrom('backups')
    .where('forgotten_at_ms', 'is', null)
    .where('project_id', '=', projectId)
    .where(({ ref }) => differencesOf(database).isAmong(ref('parent_backup_id'), ids))
    .selectAll(),
);

async function withProofs(
  database: Kysely<Schema>,
  projectId: string,
  rows: readonly Selectable<BackupRow>[],
): Promise<readonly KnownBackup[]> {
  if (rows.length === 0) return [];
  const ids = new Set(rows.map((row) => row.backup_id));
  const proofs = await findProofs(database, projectId, [...ids]);
  const proofOf = new Map(proofs.map((proof) => [proof.backupId, proof]));
  return rows.map((row) => ({
    record: rowToRecord(row),
    isForgotten: row.forgotten_at_ms !== null,
    partOf: row.part_of,
    isVanished: row.vanished_at_ms !== null,
    proof: proofOf.get(row.backup_id) ?? null,
  }));
}
