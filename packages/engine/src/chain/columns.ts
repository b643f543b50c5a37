import { Buffer } from 'node:buffer';

const chunkRows = 4096;
/** There may be hundreds of thousands of columns with a row or two. */
const rowsAtFirst = 4;

/** Digests of one size, a row each, packed; a row may have none, and a stretch of rows without any takes no room. */
export class DigestColumn {
  readonly #width: number;
  /** Of each row a byte that says whether it has a digest, and the digest. */
  readonly #chunks: (Uint8Array | undefined)[] = [];

  /** `width`: bytes of one digest. */
  constructor(width: number) {
    this.#width = width;
  }

  /** `digest` has as many bytes as the width. */
  set(row: number, digest: Uint8Array): void {
    const index = Math.floor(row / chunkRows);
    const at = (row % chunkRows) * (1 + this.#width);
    const chunk = this.#roomFor(index, row % chunkRows);
    chunk[at] = 1;
    chunk.set(digest, at + 1);
  }

  /** The digest's bytes, not to be changed; null where the row has none. */
  at(row: number): Uint8Array | null {
    const at = (row % chunkRows) * (1 + this.#width);
    const chunk = this.#chunks[Math.floor(row / chunkRows)];
    return chunk === undefined || chunk[at] !== 1 ? null : chunk.subarray(at + 1, at + 1 + this.#width);
  }

  /** Hex digits; null where the row has none. */
  hexAt(row: number): string | null {
    const bytes = this.at(row);
    return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
  }

  #roomFor(index: number, rowInChunk: number): Uint8Array {
    const chunk = this.#chunks[index];
    const rows = (chunk?.length ?? 0) / (1 + this.#width);
    if (chunk !== undefined && rowInChunk < rows) return chunk;
    const wanted = index === 0 ? Math.min(chunkRows, Math.max(rowsAtFirst, 2 * rowInChunk)) : chunkRows;
    const grown = new Uint8Array(wanted * (1 + this.#width));
    if (chunk !== undefined) grown.set(chunk);
    this.#chunks[index] = grown;
    return grown;
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
