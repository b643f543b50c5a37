import { StorageError } from '../../storage/port.ts';

/**
 * Maximum number of backups kept from the listing of one chain's folder, at a kilobyte of memory each. A backup every
 * five minutes reaches this number in two years.
 */
export const folderLinksMax = 200_000;

/** Throws `listing_too_large` if a listing has more entries to keep than the memory limit allows. */
export function refuseBeyond(max: number, count: number, what: string): void {
  if (count > max) throw new StorageError('listing_too_large', `${what}: more than ${max}`);
}

/**
 * Maximum number of objects of one link that are compared with its listing, at about 70 bytes of memory each. An
 * increment of a volume of many TiB may have a few million. More would fill the memory, by attack or by accident.
 */
export const provableObjectsMax = 4_000_000;

/** Why the proof of a link with this number of listed objects stops at `metadata`. */
export function tooManyObjects(imagePath: string, objectCount: number): string {
  const limit = `more than the ${provableObjectsMax} that can be compared with a listing`;
  return `${imagePath}: ${objectCount} objects are stored there, ${limit}`;
}
