import type { CatalogueReads } from '../catalogue/catalogue.ts';
import type { RecordedListing } from '../chain/proof/link.ts';

/** Returns the recorded listing of each of these backups. */
export async function findListings(
  { backups }: Pick<CatalogueReads, 'backups'>,
  projectId: string,
  backupIds: readonly string[],
): Promise<readonly RecordedListing[]> {
  const known = await backups.knownByIds(projectId, backupIds);
  return known.map(({ record: { backupId, listing, shared } }) => ({
    backupId,
    digest: listing.digest,
    fingerprint: listing.fingerprint,
    shared,
  }));
}
