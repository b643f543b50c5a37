import { NumberColumn } from '../../number-column.ts';
import type { StoredRanges } from '../../proof/geometry-check.ts';
import { ObjectColumns } from '../../proof/object-columns.ts';
import type { EtagComparison } from './etag-comparison.ts';
import { objectSuffix } from './image-path.ts';

/** The compressions that Cinder can undo, as `_metadata` names them. Columns store their index in this list. */
export const cinderCompressions = ['none', 'zlib', 'gzip', 'bz2', 'bzip2', 'zstd'] as const;
export type CinderCompression = (typeof cinderCompressions)[number];

/** An entry of `_metadata`: its range of the volume in bytes, and the MD5 of its data as 16 bytes. */
export type NamedObject = {
  readonly offset: number;
  readonly length: number;
  readonly compression: CinderCompression;
  readonly md5: Uint8Array;
};

/**
 * The data objects that the metadata names. Objects beyond a maximum are counted but not kept. MD5s are not kept if
 * they are compared with ETags as they are read.
 */
export class NamedObjects extends ObjectColumns implements StoredRanges {
  readonly etags: EtagComparison | null;
  readonly #countMax: number;
  readonly #offsets = new NumberColumn();
  readonly #lengths = new NumberColumn();
  readonly #compressions = new NumberColumn();
  #leftOut = 0;

  constructor(countMax: number, etags: EtagComparison | null) {
    super();
    this.#countMax = countMax;
    this.etags = etags;
  }

  /** Number of named objects that were not kept. */
  get leftOut(): number {
    return this.#leftOut;
  }

  add(number: number, { offset, length, compression, md5 }: NamedObject): void {
    if (this.count >= this.#countMax) {
      this.#leftOut += 1;
      return;
    }
    if (compression === 'none') this.etags?.compare(number, md5);
    const row = this.addRow(number, this.etags === null ? md5 : null);
    this.#offsets.set(row, offset);
    this.#lengths.set(row, length);
    this.#compressions.set(row, cinderCompressions.indexOf(compression));
  }

  /** Where the object's data begins in the volume, in bytes. */
  offsetAt(row: number): number {
    return this.#offsets.at(row);
  }

  /** Number of bytes of the volume that the object stores, before compression. */
  lengthAt(row: number): number {
    return this.#lengths.at(row);
  }

  placeOf(row: number): string {
    return `object ${objectSuffix(this.numberAt(row))}`;
  }

  compressionAt(row: number): CinderCompression {
    return cinderCompressions[this.#compressions.at(row)] ?? 'none';
  }

  isCompressedAt(row: number): boolean {
    return this.#compressions.at(row) !== 0;
  }
}
