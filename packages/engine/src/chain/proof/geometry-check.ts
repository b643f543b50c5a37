import { counted } from '@backup-sync/contracts';
import { BlockRuns } from './block-runs.ts';
import type { Fault } from './link.ts';

/** What a link stores: ranges of the volume, in bytes. */
export type StoredRanges = {
  readonly count: number;
  /** The row that has a place, from 0, in the order in which the writer made them. */
  rowAt(place: number): number;
  offsetAt(row: number): number;
  lengthAt(row: number): number;
  /** What a message calls the row. */
  placeOf(row: number): string;
};

export type Geometry =
  | { readonly kind: 'broken'; readonly fault: Fault }
  | {
      readonly kind: 'whole';
      /** The blocks that the link stores. */
      readonly stored: BlockRuns;
      /** Bytes of the volume, where the last block is stored and tells; else null. */
      readonly volumeBytes: number | null;
    };

/**
 * Whether offsets and lengths fit each other and the block hashes: they rise, start and end on blocks (the volume's
 * last block may be short), stay inside the volume, and a full backup leaves no gap.
 */
export function checkGeometry(
  objects: StoredRanges,
  hashes: { readonly blockBytes: number; readonly hashCount: number },
  isFull: boolean,
): Geometry {
  const { blockBytes, hashCount } = hashes;
  const stored = new BlockRuns();
  let end = 0;
  if (hashCount === 0) return broken('there is no block hash, so the volume would have no bytes');
  for (let index = 0; index < objects.count; index += 1) {
    const row = objects.rowAt(index);
    const offset = objects.offsetAt(row);
    const length = objects.lengthAt(row);
    if (length === 0) return broken(`${objects.placeOf(row)} has no bytes`);
    if (offset % blockBytes !== 0) {
      return broken(
        `${objects.placeOf(row)} starts at byte ${offset}, which is no multiple of the block size ${blockBytes}`,
      );
    }
    if (offset < end)
      return broken(
        `${objects.placeOf(row)} starts at byte ${offset}, before the end of the object before it (${end})`,
      );
    if (isFull && offset !== end)
      return broken(`bytes ${end} to ${offset} of the volume are missing before ${objects.placeOf(row)}`);
    end = offset + length;
    const endBlock = Math.ceil(end / blockBytes);
    if (endBlock > hashCount) {
      return broken(
        `${objects.placeOf(row)} ends at byte ${end}, beyond the ${hashCount} blocks of ${blockBytes} bytes that have a hash`,
      );
    }
    if (end % blockBytes !== 0 && endBlock !== hashCount) {
      return broken(`${objects.placeOf(row)} ends at byte ${end}, inside a block that is not the volume's last`);
    }
    stored.add(offset / blockBytes, endBlock);
  }
  const reachesLastBlock = Math.ceil(end / blockBytes) === hashCount;
  if (isFull && !reachesLastBlock) {
    return broken(
      `the objects hold ${counted(Math.ceil(end / blockBytes), 'block')}, for which the metadata has ${counted(hashCount, 'hash', 'hashes')}`,
    );
  }
  return { kind: 'whole', stored, volumeBytes: reachesLastBlock ? end : null };
}

function broken(detail: string): Geometry {
  return { kind: 'broken', fault: { code: 'geometry', detail } };
}
