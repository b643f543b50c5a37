import { Buffer } from 'node:buffer';

/** Digests of one size, a row each, packed; a row may have none. Nothing is held before the first is set. */
export class DigestColumn {
  readonly #width: number;
  #bytes = new Uint8Array();
  #isSet = new Uint8Array();

  /** `width`: bytes of one digest. */
  constructor(width: number) {
    this.#width = width;
  }

  /** `hex` has two digits for each byte of the width. */
  set(row: number, hex: string): void {
    if (row >= this.#isSet.length) {
      const capacity = Math.max(16, row * 2);
      this.#bytes = new Uint8Array(this.#bytes.buffer.transfer(capacity * this.#width));
      this.#isSet = new Uint8Array(this.#isSet.buffer.transfer(capacity));
    }
    this.#bytes.set(Buffer.from(hex, 'hex'), row * this.#width);
    this.#isSet[row] = 1;
  }

  /** The digest's bytes, not to be changed; null where the row has none. */
  at(row: number): Uint8Array | null {
    if (this.#isSet[row] !== 1) return null;
    return this.#bytes.subarray(row * this.#width, (row + 1) * this.#width);
  }

  /** Hex digits; null where the row has none. */
  hexAt(row: number): string | null {
    const bytes = this.at(row);
    return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
  }
}

/** Keys, a row each, packed as UTF-8: millions of them take their text's bytes and eight more each. */
export class KeyColumn {
  #bytes = Buffer.alloc(1024);
  #ends = new Float64Array(16);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(key: string): void {
    const start = this.#end(this.#count - 1);
    const end = start + Buffer.byteLength(key);
    if (end > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(end, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, start);
      this.#bytes = grown;
    }
    if (this.#count === this.#ends.length) {
      this.#ends = new Float64Array(this.#ends.buffer.transfer(this.#count * 2 * Float64Array.BYTES_PER_ELEMENT));
    }
    this.#bytes.write(key, start);
    this.#ends[this.#count] = end;
    this.#count += 1;
  }

  at(row: number): string {
    return this.#bytes.toString('utf8', this.#end(row - 1), this.#end(row));
  }

  /** Below zero where the row's key comes before the other's in the order of their bytes; 0 where they are the same. */
  compare(row: number, other: KeyColumn, otherRow: number): number {
    return this.#bytes.compare(
      other.#bytes,
      other.#end(otherRow - 1),
      other.#end(otherRow),
      this.#end(row - 1),
      this.#end(row),
    );
  }

  /** The rows in the order of their keys' bytes. */
  rowsByKey(): Uint32Array {
    const rows = new Uint32Array(this.#count);
    let isSorted = true;
    for (let row = 0; row < rows.length; row += 1) {
      rows[row] = row;
      if (row > 0 && this.compare(row - 1, this, row) > 0) isSorted = false;
    }
    return isSorted ? rows : rows.sort((one, other) => this.compare(one, this, other));
  }

  #end(row: number): number {
    return row < 0 ? 0 : (this.#ends[row] ?? 0);
  }
}
