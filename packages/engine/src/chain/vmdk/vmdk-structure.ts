import type { VerificationLevel } from '@backup-sync/contracts';
import type { Fault } from '../proof/link.ts';
import { ReadFault } from '../proof/read-fault.ts';
import { checkTables } from './check-tables.ts';
import { type ExtentFinder, type PlacedExtent, placeExtents } from './place-extents.ts';
import { openSparseExtent } from './sparse-extent.ts';
import type { SparseHeader } from './sparse-header.ts';
import type { VmdkContext, VmdkImage } from './vmdk-image.ts';

/** How far the structure of a disk is proved. */
export type VmdkStructure = {
  readonly level: Extract<VerificationLevel, 'metadata' | 'inventory' | 'linkage'>;
  readonly fault: Fault | null;
  /** Whether an object was not found. It must be listed again before the fault is believed. */
  readonly looksMissing: boolean;
  /** Whether the writer did not close a file of the disk, as far as the headers were read. */
  readonly isUnclean: boolean;
  /** The files of the disk; empty if the proof ended at `metadata`. */
  readonly extents: readonly PlacedExtent[];
};

/**
 * Finds the files of a disk and proves that their tables are whole. It ends at the ceiling of the disk, or at `upTo`.
 * Its parent, if it has one, is not looked for. Throws storage errors.
 */
export async function proveStructure(
  context: VmdkContext,
  image: VmdkImage,
  { find, upTo }: { readonly find: ExtentFinder; readonly upTo: 'inventory' | 'linkage' },
): Promise<VmdkStructure> {
  let reached: Pick<VmdkStructure, 'level' | 'extents'> = { level: 'metadata', extents: [] };
  let isUnclean = image.header?.isUnclean ?? false;
  try {
    if (image.form.ceiling !== 'metadata') {
      reached = { level: 'inventory', extents: await placeExtents(context, image, find) };
    }
    if (upTo === 'linkage' && image.form.ceiling === 'linkage') {
      for (const extent of reached.extents) {
        const header = await proveExtent(context, image, extent);
        isUnclean ||= header?.isUnclean ?? false;
      }
      reached = { ...reached, level: 'linkage' };
    }
    return { ...reached, fault: null, looksMissing: false, isUnclean };
  } catch (error) {
    if (!(error instanceof ReadFault)) throw error;
    return { ...reached, fault: error.fault, looksMissing: error.looksMissing, isUnclean };
  }
}

/** Returns the header. Flat extents have none, and no tables, and their sizes are compared already. */
async function proveExtent(
  context: VmdkContext,
  { header, start }: VmdkImage,
  { type, source, sectors }: PlacedExtent,
): Promise<SparseHeader | null> {
  if (type !== 'SPARSE' || source === null) return null;
  const extent = await openSparseExtent(context, source, header === null ? null : { header, start });
  if (extent.header.capacity !== sectors) {
    const detail = `${source.entry.key} has ${extent.header.capacity} sectors, but the descriptor says ${sectors}`;
    throw new ReadFault({ code: 'geometry', detail }, false);
  }
  await checkTables(context, extent);
  return extent.header;
}
