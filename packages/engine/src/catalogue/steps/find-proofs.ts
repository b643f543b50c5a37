import { reaches, verificationLevels } from '@backup-sync/contracts';
import type { EdgeProof, Location } from '../../chain/proof/link.ts';
import { rowToProof } from '../backup-rows.ts';
import { differencesOf } from '../differences.ts';
import { fixedQuery } from '../fixed-query.ts';
import { oneQuery } from '../one-query.ts';

const inventoryLevels = verificationLevels.filter((level) => reaches(level, 'inventory'));

/** `ids` is a list, see `Differences`. */
const newestProofs = fixedQuery((database, { projectId, ids }: { projectId: string; ids: string }) =>
  database
    .selectFrom('verifications')
    .where('project_id', '=', projectId)
    .where(({ ref }) => differencesOf(database).isAmong(ref('backup_id'), ids))
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
export const findProofs = oneQuery({
  query: newestProofs,
  values: ({ asList }, projectId: string, backupIds: readonly string[]) => ({ projectId, ids: asList(backupIds) }),
  answer: (rows): readonly EdgeProof[] => rows.map(rowToProof),
});

const provedListings = fixedQuery(
  (database, at: Location & { readonly projectId: string; readonly backupId: string }) =>
    database
      .selectFrom('verifications')
      .where('project_id', '=', at.projectId)
      .where('backup_id', '=', at.backupId)
      .where('storage_unit_id', '=', at.storageUnitId)
      .where('bucket_name', '=', at.bucketName)
      .where('image_path', '=', at.imagePath)
      .where('fault_code', 'is', null)
      .where('level', 'in', inventoryLevels)
      .select('listing_digest')
      .orderBy('verified_at_ms', 'desc')
      .orderBy('id', 'desc')
      .limit(1),
);

/** Returns the digest of the listing on which a backup was last proved to `inventory` or above without a fault. */
export const provedListing = oneQuery({
  query: provedListings,
  values: (_, projectId: string, backupId: string, { storageUnitId, bucketName, imagePath }: Location) => ({
    projectId,
    backupId,
    storageUnitId,
    bucketName,
    imagePath,
  }),
  answer: ([newest]): string | null => newest?.listing_digest ?? null,
});
