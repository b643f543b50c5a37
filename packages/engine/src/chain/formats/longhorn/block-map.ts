import type { ObjectEntry } from '../../../storage/port.ts';
import { DigestColumn } from '../../columns.ts';
import { NumberColumn } from '../../number-column.ts';
import { entryDigestBytes } from '../../shared-objects.ts';

const checksumBytes = 32;

/** The blocks of a whole volume and their places in it, at the time of the backup. Rows are in the order of the cfg. */
export class BlockMap {
  readonly checksums = new DigestColumn(checksumBytes);
  readonly #offsets = new NumberColumn();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** `checksum`: 64 hex digits. */
  add(offset: number, checksum: string): void {
    this.#offsets.set(this.#count, offset);
    this.checksums.set(this.#count, Buffer.from(checksum, 'hex'));
    this.#count += 1;
  }

  offsetAt(row: number): number {
    return this.#offsets.at(row);
  }
}

/** The blocks in the folder of a volume, in the order of their names, like a listing. */
export class ListedBlocks {
  readonly checksums = new DigestColumn(checksumBytes);
  /** The digest of each block's entry in the listing, see `digestOfEntry`. */
  readonly entryDigests = new DigestColumn(entryDigestBytes);
  readonly #sizes = new NumberColumn();
  readonly #modifiedAtMs = new NumberColumn();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(checksum: string, entryDigest: Uint8Array, { size, modifiedAtMs }: ObjectEntry): void {
    this.checksums.set(this.#count, Buffer.from(checksum, 'hex'));
    this.entryDigests.set(this.#count, entryDigest);
    this.#sizes.set(this.#count, size);
    this.#modifiedAtMs.set(this.#count, modifiedAtMs);
    this.#count += 1;
  }

  /** Milliseconds since 1970. */
  modifiedAtMs(row: number): number {
    return this.#modifiedAtMs.at(row);
  }

  /** Stored bytes. */
  sizeAt(row: number): number {
    return this.#sizes.at(row);
  }

  /** The row of the block with this checksum; null if it is not listed. */
  rowOf(checksum: Uint8Array): number | null {
    let [from, to] = [0, this.#count];
    while (from < to) {
      const middle = Math.floor((from + to) / 2);
      const order = compareBytes(checksum, this.checksums.at(middle));
      if (order === 0) return middle;
      if (order < 0) to = middle;
      else from = middle + 1;
    }
    return null;
  }
}

function compareBytes(one: Uint8Array, other: Uint8Array | null): number {
  for (let at = 0; at < checksumBytes; at += 1) {
    const difference = (one[at] ?? 0) - (other?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
