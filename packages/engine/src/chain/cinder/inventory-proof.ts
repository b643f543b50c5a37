import type { ChainContext } from '../examiner.ts';
import type { Fault } from '../link.ts';
import { checkInventory } from './inventory-check.ts';
import type { CinderLink } from './link-listing.ts';
import type { CinderMetadata } from './metadata.ts';
import type { ListedObjects } from './object-columns.ts';
import type { Finding } from './proof-step.ts';
import { ReadFault, withReadFaults } from './read-fault.ts';

/** Month from which on compressed objects are smaller than their data, and hashes are always those of plain bytes. */
const presentWriterMonth = '2015-06';

/** Compares what the metadata names with what the listing shows. Null where the inventory is whole. */
export async function proveInventory(
  context: ChainContext,
  link: CinderLink,
  listed: ListedObjects,
  metadata: CinderMetadata,
): Promise<Finding | null> {
  const { imagePath, strayKey } = link;
  const mayGrowCompressed = isOfEarlyWriter(metadata);
  const finding = checkInventory({ imagePath, named: metadata.objects, listed, strayKey, mayGrowCompressed });
  if (finding === null) return null;
  if (finding.fault.code === 'object_missing') return { fault: finding.fault, suspect: link };
  if (finding.etagOfKey === null) return { fault: finding.fault };
  return await settleEtag(context, link, finding.etagOfKey, finding.fault);
}

/**
 * Under a key service's encryption an ETag looks like an MD5 and is none, and a listing does not show which it is:
 * one request for one object decides for the link.
 */
async function settleEtag(
  { storage, signal }: ChainContext,
  link: CinderLink,
  key: string,
  fault: Fault,
): Promise<Finding | null> {
  try {
    const head = await withReadFaults(key, () => storage.head({ bucket: link.bucketName, key, signal }));
    return head.encryptedByKey ? null : { fault };
  } catch (error) {
    if (!(error instanceof ReadFault)) throw error;
    // Without the customer's key not even this is told: encrypted, hence unknown, not broken.
    if (error.fault.code === 'encrypted_customer_key') return null;
    return { fault: error.fault, suspect: error.looksMissing ? link : null };
  }
}

/** Early files carry the same version; what they lack and when they were made tells them. */
export function isOfEarlyWriter({ parentId, createdAt }: Pick<CinderMetadata, 'parentId' | 'createdAt'>): boolean {
  if (parentId === undefined) return true;
  return createdAt !== null && /^\d{4}-\d\d/.test(createdAt) && createdAt < presentWriterMonth;
}
