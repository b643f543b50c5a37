import type { ChainContext } from '../../chain-context.ts';
import { endOfInventory, type InventoryProof, inventoryFinding, settleEtags } from '../../proof/etags/settle-etags.ts';
import type { ListedObjects } from '../../proof/object-columns.ts';
import { objectSuffix } from './image-path.ts';
import { checkInventory } from './inventory-check.ts';
import type { CinderLink } from './link-listing.ts';
import type { CinderMetadata } from './metadata.ts';

/** From this month on, compressed objects are smaller than their data, and hashes are always those of plain bytes. */
const presentWriterMonth = '2015-06';

/** Compares the objects that the metadata names with the listing. Throws storage errors. */
export async function proveInventory(
  context: ChainContext,
  link: CinderLink,
  listed: ListedObjects,
  metadata: CinderMetadata,
): Promise<InventoryProof<CinderLink>> {
  const { imagePath, strayKey } = link;
  const { objects: named } = metadata;
  const mayGrowCompressed = isOfEarlyWriter(metadata);
  const fault = checkInventory({ imagePath, named, listed, strayKey, mayGrowCompressed });
  if (fault !== null) return endOfInventory(inventoryFinding(fault, link));
  if (named.etags === null) throw new TypeError(`the metadata of ${imagePath} was read without its ETags`);
  const keyOf = (number: number) => `${imagePath}${objectSuffix(number)}`;
  return await settleEtags(context, { link, tally: named.etags.tally, keyOf });
}

/**
 * Whether an early writer made this file. Early files have the same version as later ones. They are recognised by
 * missing fields and by their date.
 */
export function isOfEarlyWriter({ parentId, createdAt }: Pick<CinderMetadata, 'parentId' | 'createdAt'>): boolean {
  if (parentId === undefined) return true;
  return createdAt !== null && /^\d{4}-\d\d/.test(createdAt) && createdAt < presentWriterMonth;
}
