import { counted } from '@backup-sync/contracts';
import { BlockRuns } from './block-runs.ts';
import type { Fault } from './link.ts';

/** The ranges of the volume that a link stores. Offsets and lengths are in bytes. */
export type StoredRanges = {
  readonly count: number;
  /** The row at a place, from 0, in the order in which the writer created the objects. */
  rowAt(place: number): number;
  offsetAt(row: number): number;
  lengthAt(row: number): number;
  /** Name of the row in messages. */
  placeOf(row: number): string;
};

export type Geometry =
  | { readonly kind: 'broken'; readonly fault: Fault }
  | {
      readonly kind: 'whole';
      /** Blocks that the link stores. */
      readonly stored: BlockRuns;
      /** Size of the volume in bytes; null if the link does not store the last block. */
      readonly volumeBytes: number | null;
    };

/**
 * Checks that offsets and lengths fit each other and the block hashes. Ranges must rise, start and end on block
 * boundaries (the volume's last block may be short) and stay inside the volume. A full backup must leave no gap.
 */
export function checkGeometry(
  objects: StoredRanges,
  hashes: { readonly blockBytes: number; readonly hashCount: number },
  isFull: boolean,
): Geometry {
  const { blockBytes, hashCount } = hashes;
  const stored = new BlockRuns();
  let end = 0;
  if (hashCount === 0) return broken('there are no block hashes, so the volume would be empty');
  for (let index = 0; index < objects.count; index += 1) {
    const row = objects.rowAt(index);
    const offset = objects.offsetAt(row);
    const length = objects.lengthAt(row);
    if (length === 0) return broken(`${objects.placeOf(row)} has length 0`);
    if (offset % blockBytes !== 0) {
      return broken(
        `${objects.placeOf(row)} starts at byte ${offset}, which is not a multiple of the block size (${blockBytes})`,
      );
    }
    if (offset < end)
      return broken(`${objects.placeOf(row)} starts at byte ${offset}, but the object before it ends at byte ${end}`);
    if (isFull && offset !== end)
      return broken(`bytes ${end} to ${offset} of the volume are missing before ${objects.placeOf(row)}`);
    end = offset + length;
    const endBlock = Math.ceil(end / blockBytes);
    if (endBlock > hashCount) {
      return broken(
        `${objects.placeOf(row)} ends at byte ${end}, but the block hashes end after ` +
          `${counted(hashCount, 'block')} of ${blockBytes} bytes`,
      );
    }
    if (end % blockBytes !== 0 && endBlock !== hashCount) {
      return broken(`${objects.placeOf(row)} ends at byte ${end}, inside a block that is not the last of the volume`);
    }
    stored.add(offset / blockBytes, endBlock);
  }
  const reachesLastBlock = Math.ceil(end / blockBytes) === hashCount;
  if (isFull && !reachesLastBlock) {
    return broken(
      `the objects contain ${counted(Math.ceil(end / blockBytes), 'block')}, ` +
        `but the backup has ${counted(hashCount, 'block hash', 'block hashes')}`,
    );
  }
  return { kind: 'whole', stored, volumeBytes: reachesLastBlock ? end : null };
}

function broken(detail: string): Geometry {
  return { kind: 'broken', fault: { code: 'geometry', detail } };
}
