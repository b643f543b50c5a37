import { Buffer } from 'node:buffer';
import type { StoredRanges } from './geometry-check.ts';
import { decodeHex } from './hex-digits.ts';
import { objectSuffix } from './image-path.ts';

const md5Pattern = /^[0-9a-f]{32}$/i;
const md5Bytes = 16;
/** A folder may have hundreds of thousands of links with an object or two. */
const rowsAtFirst = 4;

/** The compressions that Cinder can undo, as `_metadata` has them. Its column holds their places here. */
export const cinderCompressions = ['none', 'zlib', 'gzip', 'bz2', 'bzip2', 'zstd'] as const;
export type CinderCompression = (typeof cinderCompressions)[number];

/** Objects of one link as columns of numbers, so that two million of them take tens of megabytes, not a gigabyte. */
abstract class ObjectColumns {
  #count = 0;
  #numbers = new Uint32Array(rowsAtFirst);
  #md5 = new Uint8Array(rowsAtFirst * md5Bytes);
  #hasMd5 = new Uint8Array(rowsAtFirst);
  #rowsByNumber: Uint32Array | null = null;

  get count(): number {
    return this.#count;
  }

  numberAt(row: number): number {
    return this.#numbers[row] ?? 0;
  }

  /** MD5 of the row, as 16 bytes; null where none was given. */
  md5At(row: number): Uint8Array | null {
    if (this.#hasMd5[row] !== 1) return null;
    return this.#md5.subarray(row * md5Bytes, (row + 1) * md5Bytes);
  }

  /**
   * The rows in the order of their numbers. A listing is in the order of its keys, where 100000 comes before 99999.
   */
  rowsByNumber(): Uint32Array {
    this.#rowsByNumber ??= this.#sortRows();
    return this.#rowsByNumber;
  }

  /** Adds a row and returns its index. */
  protected addRow(number: number, md5: string | null): number {
    const row = this.#makeRow(number);
    if (md5 !== null && md5Pattern.test(md5)) {
      this.#md5.set(Buffer.from(md5, 'hex'), row * md5Bytes);
      this.#hasMd5[row] = 1;
    }
    return row;
  }

  /** Adds a row whose MD5 stands in hex digits in `bytes`. Null where they are no such digits: then there is no row. */
  protected addRowFromBytes(number: number, bytes: Uint8Array, md5At: number): number | null {
    const row = this.#makeRow(number);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (decodeHex(view, md5At, new DataView(this.#md5.buffer), row * md5Bytes, md5Bytes)) {
      this.#hasMd5[row] = 1;
      return row;
    }
    this.#count = row;
    return null;
  }

  #makeRow(number: number): number {
    const row = this.#count;
    if (row === this.#numbers.length) {
      const capacity = row * 2;
      this.#numbers = new Uint32Array(this.#numbers.buffer.transfer(capacity * Uint32Array.BYTES_PER_ELEMENT));
      this.#md5 = new Uint8Array(this.#md5.buffer.transfer(capacity * md5Bytes));
      this.#hasMd5 = new Uint8Array(this.#hasMd5.buffer.transfer(capacity));
    }
    this.#numbers[row] = number;
    this.#hasMd5[row] = 0;
    this.#count += 1;
    this.#rowsByNumber = null;
    return row;
  }

  #sortRows(): Uint32Array {
    const rows = new Uint32Array(this.#count);
    let isSorted = true;
    for (let row = 0; row < rows.length; row += 1) {
      rows[row] = row;
      if (row > 0 && this.numberAt(row) < this.numberAt(row - 1)) isSorted = false;
    }
    return isSorted ? rows : rows.sort((one, other) => this.numberAt(one) - this.numberAt(other));
  }
}

/** A column of numbers that doubles as it fills; exact for every integer that is safe. */
export class NumberColumn {
  #values = new Float64Array(rowsAtFirst);

  at(row: number): number {
    return this.#values[row] ?? 0;
  }

  set(row: number, value: number): void {
    if (row >= this.#values.length) {
      this.#values = new Float64Array(this.#values.buffer.transfer(row * 2 * Float64Array.BYTES_PER_ELEMENT));
    }
    this.#values[row] = value;
  }
}

/** The data objects that a listing shows. An ETag counts where it looks like an MD5: others prove nothing. */
export class ListedObjects extends ObjectColumns {
  readonly #sizes = new NumberColumn();

  add(number: number, size: number, etag: string | null): void {
    this.#sizes.set(this.addRow(number, etag), size);
  }

  /** Stored bytes. */
  sizeAt(row: number): number {
    return this.#sizes.at(row);
  }
}

/** The data objects that the metadata names, up to a number: what goes beyond is counted, and not kept. */
export class NamedObjects extends ObjectColumns implements StoredRanges {
  readonly #countMax: number;
  readonly #offsets = new NumberColumn();
  readonly #lengths = new NumberColumn();
  readonly #compressions = new NumberColumn();
  #leftOut = 0;

  constructor(countMax: number) {
    super();
    this.#countMax = countMax;
  }

  /** How many objects are named beyond those that are kept. */
  get leftOut(): number {
    return this.#leftOut;
  }

  add(number: number, object: { offset: number; length: number; compression: CinderCompression; md5: string }): void {
    if (this.#isFull()) this.#leftOut += 1;
    else this.#setRow(this.addRow(number, object.md5), object);
  }

  /** As {@link add}, with the MD5's hex digits in `bytes`. False, and nothing added, where they are no such digits. */
  addFromBytes(
    number: number,
    object: { offset: number; length: number; compression: CinderCompression },
    bytes: Uint8Array,
    md5At: number,
  ): boolean {
    if (this.#isFull()) {
      this.#leftOut += 1;
      return true;
    }
    const row = this.addRowFromBytes(number, bytes, md5At);
    if (row !== null) this.#setRow(row, object);
    return row !== null;
  }

  #isFull(): boolean {
    return this.count >= this.#countMax;
  }

  #setRow(row: number, object: { offset: number; length: number; compression: CinderCompression }): void {
    this.#offsets.set(row, object.offset);
    this.#lengths.set(row, object.length);
    this.#compressions.set(row, cinderCompressions.indexOf(object.compression));
  }

  /** Where the object's data begins in the volume, bytes. */
  offsetAt(row: number): number {
    return this.#offsets.at(row);
  }

  /** Bytes of the volume that the object holds, before compression. */
  lengthAt(row: number): number {
    return this.#lengths.at(row);
  }

  get rows(): Uint32Array {
    return this.rowsByNumber();
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
