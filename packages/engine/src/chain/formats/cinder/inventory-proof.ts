import type { ChainContext } from '../../chain-context.ts';
import { type EtagsSettled, settleEtags } from '../../proof/etags/settle-etags.ts';
import type { Fault } from '../../proof/link.ts';
import type { ListedObjects } from '../../proof/object-columns.ts';
import type { Finding } from '../../proof/proved-link.ts';
import { objectSuffix } from './image-path.ts';
import { checkInventory } from './inventory-check.ts';
import type { CinderLink } from './link-listing.ts';
import type { CinderMetadata } from './metadata.ts';

/** Month from which on compressed objects are smaller than their data, and hashes are always those of plain bytes. */
const presentWriterMonth = '2015-06';

/** How far the inventory of a link is proved. */
export type Inventory = Pick<EtagsSettled, 'remark' | 'awaitsData'> & {
  /** Ends the proof at `metadata`; null if the inventory is whole. */
  readonly end: Finding<CinderLink> | null;
};

/** Compares what the metadata names with what the listing shows. Throws what storage throws. */
export async function proveInventory(
  context: ChainContext,
  link: CinderLink,
  listed: ListedObjects,
  metadata: CinderMetadata,
): Promise<Inventory> {
  const { imagePath, strayKey, bucketName, backupId, listing } = link;
  const { objects: named } = metadata;
  const mayGrowCompressed = isOfEarlyWriter(metadata);
  const fault = checkInventory({ imagePath, named, listed, strayKey, mayGrowCompressed });
  if (fault !== null) return endOfInventory(faultFinding(fault, link));
  if (named.etags === null) throw new TypeError('the ETags of a link are compared as its metadata is read');
  const { end, ...settled } = await settleEtags(context, {
    backupId,
    location: { storageUnitId: context.storage.id, bucketName, imagePath },
    listingDigest: listing.digest,
    tally: named.etags.tally,
    keyOf: (number) => `${imagePath}${objectSuffix(number)}`,
  });
  return { ...settled, end: end === null || end.fault === null ? end : faultFinding(end.fault, link) };
}

/** The proof ends here. */
export function endOfInventory(end: Finding<CinderLink>): Inventory {
  return { end, remark: null, awaitsData: false };
}

function faultFinding(fault: Fault, link: CinderLink): Finding<CinderLink> {
  return fault.code === 'object_missing' ? { fault, suspect: link } : { fault };
}

/** Early files carry the same version; what they lack and when they were made tells them. */
export function isOfEarlyWriter({ parentId, createdAt }: Pick<CinderMetadata, 'parentId' | 'createdAt'>): boolean {
  if (parentId === undefined) return true;
  return createdAt !== null && /^\d{4}-\d\d/.test(createdAt) && createdAt < presentWriterMonth;
}
