import { createHash } from 'node:crypto';
import type { ObjectEntry } from '../storage/port.ts';
import type { Listing } from './proof/link.ts';

/** Length of the text that is gathered before it is hashed: one call for hundreds of objects. */
const pendingUnitsMax = 32 * 1024;

/** Digests the listing of one link while it streams by. */
export class ListingDigest {
  readonly #digest = createHash('sha256');
  readonly #fingerprint = createHash('sha256');
  #pendingDigest = '';
  #pendingFingerprint = '';
  #objectCount = 0;
  #storedBytes = 0;
  #newestObjectAtMs: number | null = null;
  #hasEtags = true;

  /** Whether every object has an ETag. Then the fingerprint alone distinguishes the states of the objects. */
  get hasEtags(): boolean {
    return this.#hasEtags;
  }

  /** Adds the next object, in the order of the listing. `relativeKey` is what follows the image path. */
  add(relativeKey: string, entry: ObjectEntry): void {
    // JSON keeps the fields apart, whatever characters a key contains.
    this.#pendingDigest += `${JSON.stringify([relativeKey, entry.size, entry.etag, entry.modifiedAtMs])}\n`;
    this.#pendingFingerprint += `${JSON.stringify([relativeKey, entry.size, entry.etag])}\n`;
    if (this.#pendingDigest.length > pendingUnitsMax) this.#flush();
    this.#hasEtags &&= entry.etag !== null;
    this.#objectCount += 1;
    this.#storedBytes += entry.size;
    this.#newestObjectAtMs = Math.max(this.#newestObjectAtMs ?? entry.modifiedAtMs, entry.modifiedAtMs);
  }

  finish(): Listing {
    this.#flush();
    return {
      digest: this.#digest.digest('hex'),
      fingerprint: this.#fingerprint.digest('hex'),
      objectCount: this.#objectCount,
      storedBytes: this.#storedBytes,
      newestObjectAtMs: this.#newestObjectAtMs,
    };
  }

  #flush(): void {
    this.#digest.update(this.#pendingDigest);
    this.#fingerprint.update(this.#pendingFingerprint);
    this.#pendingDigest = '';
    this.#pendingFingerprint = '';
  }
}
