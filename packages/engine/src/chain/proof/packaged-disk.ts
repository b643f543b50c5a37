import { printable } from '../../quote.ts';
import type { FormatContext } from '../format.ts';
import type { Listing } from './link.ts';
import type { ListedLink } from './proved-link.ts';
import type { FoundLink } from './walked-chain.ts';

/**
 * Refuses the request for a disk that a package references; null if none does. A disk with a record is not refused: the
 * record ends with the import of the package. Throws storage errors.
 */
export async function refusePackaged<Link extends ListedLink & { readonly listing: Listing }>(
  { storage, hasRecord, findNamingPackage }: FormatContext,
  { backupId, bucketName, imagePath, listing }: Link,
): Promise<FoundLink<Link>['refusal']> {
  if (await hasRecord(backupId, { storageUnitId: storage.id, bucketName, imagePath })) return null;
  const naming = await findNamingPackage(imagePath);
  if (naming === null) return null;
  const detail = printable(`${bucketName}/${imagePath} is part of ${naming}`);
  return { fault: { code: 'path_not_a_backup', detail }, listing, shared: null };
}
