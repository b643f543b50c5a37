import type { RecordedListing } from '../chain/proof/link.ts';
import type { Services } from '../services.ts';

/** What the listing showed of each of these backups when it was recorded. */
export async function findListings(
  { knownBackups }: Pick<Services, 'knownBackups'>,
  projectId: string,
  backupIds: readonly string[],
): Promise<readonly RecordedListing[]> {
  const known = await knownBackups.knownByIds(projectId, backupIds);
  return known.map(({ record: { backupId, listing, shared } }) => ({
    backupId,
    digest: listing.digest,
    fingerprint: listing.fingerprint,
    shared,
  }));
}
