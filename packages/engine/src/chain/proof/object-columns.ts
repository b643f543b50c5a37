import { Buffer } from 'node:buffer';
import { DigestColumn } from '../columns.ts';
import { NumberColumn } from '../number-column.ts';

const md5Pattern = /^[0-9a-f]{32}$/i;
export const md5Bytes = 16;

/** The 16 bytes of an ETag that looks like an MD5. Null for any other ETag, which proves nothing. */
export function md5OfEtag(etag: string | null): Uint8Array | null {
  return etag !== null && md5Pattern.test(etag) ? Buffer.from(etag, 'hex') : null;
}

/** Numbered objects of one link, in columns: two million take tens of megabytes instead of a gigabyte. */
export abstract class ObjectColumns {
  #count = 0;
  readonly #numbers = new NumberColumn();
  readonly #md5s = new DigestColumn(md5Bytes);
  #isSorted = true;
  /** The rows in the order of their numbers, once needed; null if that is the order of the rows. */
  #sorted: Uint32Array | null = null;

  get count(): number {
    return this.#count;
  }

  numberAt(row: number): number {
    return this.#numbers.at(row);
  }

  /** MD5 of the row, as 16 bytes; null if none was given. */
  md5At(row: number): Uint8Array | null {
    return this.#md5s.at(row);
  }

  /**
   * The row at a place, from 0, in the order of the numbers. A listing is in the order of its keys, in which 100000
   * comes before 99999.
   */
  rowAt(place: number): number {
    if (this.#isSorted) return place;
    this.#sorted ??= sortRows(this);
    return this.#sorted[place] ?? 0;
  }

  /** Adds a row and returns its index. `md5`: 16 bytes. */
  protected addRow(number: number, md5: Uint8Array | null): number {
    const row = this.#count;
    if (row > 0 && number < this.numberAt(row - 1)) this.#isSorted = false;
    this.#numbers.set(row, number);
    if (md5 !== null) this.#md5s.set(row, md5);
    this.#count += 1;
    this.#sorted = null;
    return row;
  }
}

function sortRows(objects: ObjectColumns): Uint32Array {
  const { count } = objects;
  const rows = new Uint32Array(count);
  // If the numbers are 1 to n, as expected, each number gives its place.
  const isTaken = new Uint8Array(count);
  for (let row = 0; row < count; row += 1) {
    const place = objects.numberAt(row) - 1;
    if (isTaken[place] !== 0) return sortAnyRows(objects, rows);
    isTaken[place] = 1;
    rows[place] = row;
  }
  return rows;
}

function sortAnyRows(objects: ObjectColumns, rows: Uint32Array): Uint32Array {
  for (let row = 0; row < rows.length; row += 1) rows[row] = row;
  return rows.sort((one, other) => objects.numberAt(one) - objects.numberAt(other));
}

/** The data objects that a listing shows. Keeps ETags that look like an MD5; others prove nothing. */
export class ListedObjects extends ObjectColumns {
  readonly #sizes = new NumberColumn();

  add(number: number, size: number, etag: string | null): void {
    this.#sizes.set(this.addRow(number, md5OfEtag(etag)), size);
  }

  /** Stored bytes. */
  sizeAt(row: number): number {
    return this.#sizes.at(row);
  }
}
