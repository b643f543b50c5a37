import { Buffer } from 'node:buffer';
import type { ListedObjects } from './object-columns.ts';

export type EtagMismatch = { readonly number: number; readonly etag: Uint8Array; readonly md5: Uint8Array };

/**
 * Holds the MD5s that the metadata names against the ETags of the listing while they are being read, so that millions of
 * them need not be kept. Only what lies plain can be compared.
 */
export class EtagComparison {
  readonly #listed: ListedObjects;
  #mismatch: EtagMismatch | null = null;

  constructor(listed: ListedObjects) {
    this.#listed = listed;
  }

  /** The object of the lowest number whose ETag looks like an MD5 and is not its own. */
  get mismatch(): EtagMismatch | null {
    return this.#mismatch;
  }

  /** `md5`: 16 bytes, copied where they are kept. */
  compare(number: number, md5: Uint8Array): void {
    if (this.#mismatch !== null && this.#mismatch.number < number) return;
    const place = number - 1;
    if (place >= this.#listed.count) return;
    const row = this.#listed.rowAt(place);
    // Where objects are missing or stray, that is what is wrong.
    if (this.#listed.numberAt(row) !== number) return;
    const etag = this.#listed.md5At(row);
    if (etag !== null && Buffer.compare(etag, md5) !== 0) this.#mismatch = { number, etag, md5: new Uint8Array(md5) };
  }
}
