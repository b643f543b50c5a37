/**
 * Objects of one link that are held against its listing, at most: some 70 bytes of memory each. An increment of a volume
 * of many TiB may have a few millions; what has more is taken for an attempt to fill the memory, or fills it unmeant.
 */
export const provableObjectsMax = 4_000_000;

/** Why the proof of a link with so many listed objects stops at `metadata`. */
export function tooManyObjects(imagePath: string, objectCount: number): string {
  return `${imagePath}: ${objectCount} objects lie there, and no more than ${provableObjectsMax} of a backup are held against their listing`;
}
