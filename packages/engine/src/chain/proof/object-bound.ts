import { StorageError } from '../../storage/port.ts';

/**
 * Backups that are kept of the listing of one chain's folder, at most: a kilobyte of memory each. One every five minutes
 * makes as many in two years.
 */
export const folderLinksMax = 200_000;

/** Throws `listing_too_large` where more is to be kept of a listing than it is given memory for. */
export function refuseBeyond(max: number, count: number, what: string): void {
  if (count > max) throw new StorageError('listing_too_large', `${what}: more than ${max}`);
}

/**
 * Objects of one link that are held against its listing, at most: some 70 bytes of memory each. An increment of a volume
 * of many TiB may have a few millions; what has more is taken for an attempt to fill the memory, or fills it unmeant.
 */
export const provableObjectsMax = 4_000_000;

/** Why the proof of a link with so many listed objects stops at `metadata`. */
export function tooManyObjects(imagePath: string, objectCount: number): string {
  return `${imagePath}: ${objectCount} objects lie there, and no more than ${provableObjectsMax} of a backup are held against their listing`;
}
