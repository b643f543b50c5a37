import { BlockHasher } from '../content/block-hasher.ts';
import { HashCursor, hashBytes } from '../content/hash-cursor.ts';
import type { BlockHashes } from '../data.ts';
import { ReadFault } from '../proof/read-fault.ts';

/** Compares a volume's bytes, in order, with its block hashes. */
export class BlockCheck implements AsyncDisposable {
  readonly #blockBytes: number;
  readonly #cursor: HashCursor;

  constructor(blocks: BlockHashes) {
    this.#blockBytes = blocks.bytes;
    this.#cursor = new HashCursor(blocks.hashes());
  }

  /**
   * Checks the next bytes, which must start at a block; only the volume's last block may be short. Throws `ReadFault`
   * `content_mismatch` for the first block that differs (`origin` says where its bytes came from), or `geometry` if
   * there are too few hashes.
   */
  async take(bytes: Uint8Array, origin: (offset: number) => string): Promise<void> {
    const { block } = this.#cursor;
    const count = Math.ceil(bytes.length / this.#blockBytes);
    const expected = new Uint8Array(count * hashBytes);
    let filled = 0;
    await this.#cursor.take(count, (hashes) => {
      expected.set(hashes, filled);
      filled += hashes.length;
    });
    const seen = new Uint8Array(count * hashBytes);
    let made = 0;
    const hasher = new BlockHasher(this.#blockBytes, (sha256) => {
      seen.set(sha256, made);
      made += hashBytes;
    });
    hasher.add(bytes);
    hasher.finish();
    if (Buffer.compare(seen, expected) === 0) return;
    const different = seen.findIndex((byte, index) => byte !== expected[index]);
    const place = Math.floor(different / hashBytes);
    const offset = (block + place) * this.#blockBytes;
    const detail = `block ${block + place} of the volume, at byte ${offset}, does not match its block hash${origin(
      place * this.#blockBytes,
    )}`;
    throw new ReadFault({ code: 'content_mismatch', detail }, false);
  }

  /** Throws `ReadFault` `geometry` if there are more hashes than blocks. */
  async end(): Promise<void> {
    await this.#cursor.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cursor.close();
  }
}
