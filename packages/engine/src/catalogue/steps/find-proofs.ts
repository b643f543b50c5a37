import { reaches, verificationLevels } from '@backup-sync/contracts';
import type { Kysely } from 'kysely';
import type { EdgeProof, Location } from '../../chain/proof/link.ts';
import { rowToProof } from '../backup-rows.ts';
import { fixedQuery } from '../fixed-query.ts';
import type { Schema } from '../schema.ts';
import { chunks } from './chunk.ts';

const inventoryLevels = verificationLevels.filter((level) => reaches(level, 'inventory'));

const newestProofs = fixedQuery((database, { projectId, ids }: { projectId: string; ids: readonly string[] }) =>
  database
    .selectFrom('verifications')
    .where('project_id', '=', projectId)
    .where('backup_id', 'in', ids)
    .where('id', '=', ({ selectFrom }) =>
      selectFrom('verifications as other')
        .select('other.id')
        .whereRef('other.project_id', '=', 'verifications.project_id')
        .whereRef('other.backup_id', '=', 'verifications.backup_id')
        .orderBy('other.verified_at_ms', 'desc')
        .orderBy('other.id', 'desc')
        .limit(1),
    )
    .selectAll(),
);

/** Returns the newest proof of each of these backups; of proofs made at the same time, the one recorded last. */
export async function findProofs(
  database: Kysely<Schema>,
  projectId: string,
  backupIds: readonly string[],
): Promise<readonly EdgeProof[]> {
  const proofs: EdgeProof[] = [];
  for (const ids of chunks([...new Set(backupIds)])) {
    const rows = await newestProofs.all(database, { projectId, ids });
    proofs.push(...rows.map(rowToProof));
  }
  return proofs;
}

/** Returns the digest of the listing on which a backup was last proved to `inventory` or above without a fault. */
export async function provedListing(
  database: Kysely<Schema>,
  projectId: string,
  backupId: string,
  { storageUnitId, bucketName, imagePath }: Location,
): Promise<string | null> {
  const newest = await database
    .selectFrom('verifications')
    .where('project_id', '=', projectId)
    .where('backup_id', '=', backupId)
    .where('storage_unit_id', '=', storageUnitId)
    .where('bucket_name', '=', bucketName)
    .where('image_path', '=', imagePath)
    .where('fault_code', 'is', null)
    .where('level', 'in', inventoryLevels)
    .select('listing_digest')
    .orderBy('verified_at_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return newest?.listing_digest ?? null;
}
