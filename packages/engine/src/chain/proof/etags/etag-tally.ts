import { Buffer } from 'node:buffer';

/** An object whose ETag looks like an MD5 but is not the MD5 in the metadata. */
export type Disagreement = {
  /** Identifies the object in its format: a number or a row. */
  readonly id: number;
  /** Stored bytes. */
  readonly size: number;
  readonly etag: Uint8Array;
  readonly md5: Uint8Array;
};

/**
 * Maximum number of disagreements that are kept. A sync that reads more objects than this would download the backup.
 */
export const disagreementsMax = 10_000;

/** Counts how the ETags of one link compare with the MD5s in its metadata, in bounded memory. */
export class EtagTally {
  readonly #kept: Disagreement[] = [];
  #agreed = 0;
  #disagreed = 0;
  #disagreeingBytes = 0;
  #smallest: Disagreement | null = null;

  /** Number of objects whose ETag is their MD5. */
  get agreed(): number {
    return this.#agreed;
  }

  /** Number of objects whose ETag is an MD5 other than theirs. */
  get disagreed(): number {
    return this.#disagreed;
  }

  /** Stored bytes of the objects that disagree. */
  get disagreeingBytes(): number {
    return this.#disagreeingBytes;
  }

  /** The smallest object that disagrees; null if none does. */
  get smallest(): Disagreement | null {
    return this.#smallest;
  }

  /** The first disagreements, at most {@link disagreementsMax}. */
  get kept(): readonly Disagreement[] {
    return this.#kept;
  }

  /** Compares one object. `etag` and `md5` have 16 bytes; both are copied if kept. */
  compare(id: number, size: number, etag: Uint8Array, md5: Uint8Array): void {
    if (Buffer.compare(etag, md5) === 0) {
      this.#agreed += 1;
      return;
    }
    this.#disagreed += 1;
    this.#disagreeingBytes += size;
    const isSmallest = this.#smallest === null || size < this.#smallest.size;
    const isKept = this.#kept.length < disagreementsMax;
    if (!isSmallest && !isKept) return;
    const disagreement = { id, size, etag: new Uint8Array(etag), md5: new Uint8Array(md5) };
    if (isSmallest) this.#smallest = disagreement;
    if (isKept) this.#kept.push(disagreement);
  }
}
