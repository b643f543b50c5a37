import { counted } from '@backup-sync/contracts';
import { quote } from '../../quote.ts';
import type { ImageSource } from '../disk-image/image-source.ts';
import type { Fault } from '../proof/link.ts';
import { ReadFault } from '../proof/read-fault.ts';
import { isYoung } from '../proof/young-metadata.ts';
import type { ExtentLine } from './descriptor.ts';
import { sectorBytes } from './sparse-header.ts';
import type { VmdkContext, VmdkImage } from './vmdk-image.ts';

/** Finds the file of this name next to the descriptor; null if it is not there. Throws storage errors. */
export type ExtentFinder = (fileName: string) => Promise<ImageSource | null>;

/** An extent with its place in the disk, and the file that stores it. */
export type PlacedExtent = ExtentLine & {
  /** Where it begins in the disk, in bytes. */
  readonly offset: number;
  readonly bytes: number;
  /** Null for an extent of zeros, which has no file. */
  readonly source: ImageSource | null;
};

/** Files of raw blocks, without a header. */
export const flatTypes: readonly string[] = ['FLAT', 'VMFS'];

/**
 * Finds the files of a disk, and compares their sizes with the descriptor as far as it says them. Throws `ReadFault`,
 * and storage errors.
 */
export async function placeExtents(
  context: VmdkContext,
  image: VmdkImage,
  find: ExtentFinder,
): Promise<readonly PlacedExtent[]> {
  const placed: PlacedExtent[] = [];
  let offset = 0;
  for (const line of image.descriptor.extents) {
    // The name in a descriptor inside the file is often another one: exports are renamed, and copied.
    const source = image.header !== null ? image.source : line.fileName === null ? null : await find(line.fileName);
    if (source === null && line.fileName !== null) {
      const written = quote(line.writtenName ?? line.fileName);
      const detail = `${image.source.entry.key} names ${written}, and no file of that name is next to it`;
      // A descriptor is often uploaded before the files that it names.
      const code = isYoung(image.source.entry, context.nowMs()) ? 'incomplete' : 'object_missing';
      throw new ReadFault({ code, detail }, true);
    }
    const extent = { ...line, offset, bytes: line.sectors * sectorBytes, source };
    const fault = source === null ? null : checkSize(context, extent, source);
    if (fault !== null) throw new ReadFault(fault, false);
    placed.push(extent);
    offset += extent.bytes;
  }
  return placed;
}

function checkSize(
  { nowMs }: VmdkContext,
  { type, bytes, startSector }: Omit<PlacedExtent, 'source'>,
  { entry, bytes: stored }: ImageSource,
): Fault | null {
  const isFlat = flatTypes.includes(type);
  const wanted = isFlat ? startSector * sectorBytes + bytes : 1;
  const isPossible = isFlat && startSector === 0 ? stored === wanted : stored >= wanted;
  if (isPossible) return null;
  const code = stored < wanted && isYoung(entry, nowMs()) ? 'incomplete' : 'object_size_impossible';
  return { code, detail: `${entry.key} has ${counted(stored, 'byte')}, but must have ${wanted}` };
}
