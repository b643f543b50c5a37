import { createHash, type Hash, hash } from 'node:crypto';

/**
 * Splits bytes into blocks and passes the SHA-256 of each, 32 bytes, to `take`, in order. The first byte must start a
 * block; the last block may be short.
 */
export class BlockHasher {
  readonly #blockBytes: number;
  readonly #take: (sha256: Uint8Array) => void;
  /** Hash of a block that began in an earlier piece. */
  #open: Hash | null = null;
  #openBytes = 0;

  constructor(blockBytes: number, take: (sha256: Uint8Array) => void) {
    this.#blockBytes = blockBytes;
    this.#take = take;
  }

  add(piece: Uint8Array): void {
    let from = 0;
    while (from < piece.length) {
      const to = Math.min(piece.length, from + this.#blockBytes - this.#openBytes);
      const part = piece.subarray(from, to);
      if (part.length === this.#blockBytes) this.#take(hash('sha256', part, 'buffer'));
      else {
        this.#open ??= createHash('sha256');
        this.#open.update(part);
        this.#openBytes += part.length;
        if (this.#openBytes === this.#blockBytes) this.finish();
      }
      from = to;
    }
  }

  /** Passes on the hash of the last block if it is short. */
  finish(): void {
    if (this.#open === null) return;
    const sha256 = this.#open.digest();
    this.#open = null;
    this.#openBytes = 0;
    this.#take(sha256);
  }
}
