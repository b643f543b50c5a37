import { Buffer } from 'node:buffer';

const chunkRows = 4096;
/** A column starts this small, because there may be hundreds of thousands of columns with one or two rows. */
const rowsAtFirst = 4;

/**
 * A packed column of digests of one size. Rows may have no digest, and a stretch of rows without any takes no memory.
 */
export class DigestColumn {
  readonly #width: number;
  /** For each row, one byte that says whether it has a digest, then the digest. */
  readonly #chunks: (Uint8Array | undefined)[] = [];

  /** `width`: the size of one digest in bytes. */
  constructor(width: number) {
    this.#width = width;
  }

  /** Stores a digest of `width` bytes. */
  set(row: number, digest: Uint8Array): void {
    const index = Math.floor(row / chunkRows);
    const at = (row % chunkRows) * (1 + this.#width);
    const chunk = this.#roomFor(index, row % chunkRows);
    chunk[at] = 1;
    chunk.set(digest, at + 1);
  }

  /** Stores a digest of twice `width` hex digits. Nothing of the string stays in memory: there may be millions. */
  setHex(row: number, digest: string): void {
    const index = Math.floor(row / chunkRows);
    const at = (row % chunkRows) * (1 + this.#width);
    const chunk = this.#roomFor(index, row % chunkRows);
    chunk[at] = 1;
    Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).write(digest, at + 1, this.#width, 'hex');
  }

  /** The digest's bytes, not to be changed; null if the row has none. */
  at(row: number): Uint8Array | null {
    const at = (row % chunkRows) * (1 + this.#width);
    const chunk = this.#chunks[Math.floor(row / chunkRows)];
    return chunk === undefined || chunk[at] !== 1 ? null : chunk.subarray(at + 1, at + 1 + this.#width);
  }

  /** The digest as hex digits; null if the row has none. */
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

type KeyChunk = {
  bytes: Buffer;
  /** Where each row's key ends, in bytes of the chunk. */
  ends: Uint32Array<ArrayBuffer>;
  count: number;
};

/** A column of keys, packed as UTF-8. Each key takes its text's bytes and four more: there may be millions. */
export class KeyColumn {
  readonly #chunks: KeyChunk[] = [];
  #count = 0;
  #rowsByKey: Uint32Array | null = null;

  get count(): number {
    return this.#count;
  }

  add(key: string): void {
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || chunk.count === chunkRows) {
      if (chunk !== undefined) chunk.bytes = Buffer.from(chunk.bytes.subarray(0, chunk.ends[chunkRows - 1]));
      chunk = { bytes: Buffer.alloc(64), ends: new Uint32Array(rowsAtFirst), count: 0 };
      this.#chunks.push(chunk);
    }
    const start = chunk.count === 0 ? 0 : (chunk.ends[chunk.count - 1] ?? 0);
    const end = start + Buffer.byteLength(key);
    if (end > chunk.bytes.length) {
      const grown = Buffer.alloc(Math.max(end, chunk.bytes.length * 2));
      chunk.bytes.copy(grown, 0, 0, start);
      chunk.bytes = grown;
    }
    if (chunk.count === chunk.ends.length) {
      chunk.ends = new Uint32Array(chunk.ends.buffer.transfer(chunk.ends.byteLength * 2));
    }
    chunk.bytes.write(key, start);
    chunk.ends[chunk.count] = end;
    chunk.count += 1;
    this.#count += 1;
    this.#rowsByKey = null;
  }

  at(row: number): string {
    return this.bytesAt(row).toString('utf8');
  }

  /** The key as UTF-8, not to be changed. */
  bytesAt(row: number): Buffer {
    const chunk = this.#chunks[Math.floor(row / chunkRows)];
    const at = row % chunkRows;
    if (chunk === undefined || at >= chunk.count) throw new RangeError(`there is no row ${row}`);
    return chunk.bytes.subarray(at === 0 ? 0 : chunk.ends[at - 1], chunk.ends[at]);
  }

  /** The rows in the order of their keys' bytes, not to be changed. */
  rowsByKey(): Uint32Array {
    this.#rowsByKey ??= this.#sortRows();
    return this.#rowsByKey;
  }

  #sortRows(): Uint32Array {
    const rows = new Uint32Array(this.#count);
    let isSorted = true;
    for (let row = 0; row < rows.length; row += 1) {
      rows[row] = row;
      if (row > 0 && this.#compare(row - 1, row) > 0) isSorted = false;
    }
    return isSorted ? rows : rows.sort((one, other) => this.#compare(one, other));
  }

  #compare(row: number, otherRow: number): number {
    return Buffer.compare(this.bytesAt(row), this.bytesAt(otherRow));
  }
}
