import { createHash, type Hash } from 'node:crypto';
import type { Digest, StoredContent } from '../data.ts';

/** Hashes the stored and plain bytes of one object as they pass, if the format has digests of them. */
export class ObjectDigests {
  readonly #object: StoredContent;
  readonly #stored: Hash | null;
  readonly #plain: Hash | null;

  constructor(object: StoredContent) {
    const { plainDigest, storedDigest, compression } = object;
    this.#object = object;
    this.#plain = plainDigest === null ? null : createHash(plainDigest.algorithm);
    // Without compression both hashes are the same, so one is enough.
    const isPlainToo = compression === 'none' && plainDigest !== null && isSame(plainDigest, storedDigest);
    this.#stored = storedDigest === null || isPlainToo ? null : createHash(storedDigest.algorithm);
  }

  get wantsStored(): boolean {
    return this.#stored !== null;
  }

  addStored(piece: Uint8Array): void {
    this.#stored?.update(piece);
  }

  addPlain(piece: Uint8Array): void {
    this.#plain?.update(piece);
  }

  /** Returns which bytes have a wrong digest, and the digest; null if all digests match. */
  finish(): string | null {
    const { plainDigest, storedDigest } = this.#object;
    const plain = difference('plain', this.#plain, plainDigest);
    const stored = difference('stored', this.#stored, storedDigest);
    const isEither = this.#stored !== null && plainDigest !== null && isSame(plainDigest, storedDigest);
    return isEither && (plain === null || stored === null) ? null : (plain ?? stored);
  }
}

function difference(which: 'plain' | 'stored', hash: Hash | null, expected: Digest | null): string | null {
  if (hash === null || expected === null) return null;
  const wanted = expected.hex.toLowerCase();
  const seen = hash.digest('hex').slice(0, wanted.length);
  if (seen === wanted) return null;
  return `its ${which} bytes have ${expected.algorithm.toUpperCase()} ${seen} instead of ${wanted}`;
}

function isSame(one: Digest, other: Digest | null): boolean {
  return other !== null && one.algorithm === other.algorithm && one.hex.toLowerCase() === other.hex.toLowerCase();
}
