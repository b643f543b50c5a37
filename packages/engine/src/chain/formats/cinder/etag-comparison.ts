import { EtagTally } from '../../proof/etags/etag-tally.ts';
import type { ListedObjects } from '../../proof/object-columns.ts';

/**
 * Compares the MD5s that the metadata names with the ETags of the listing while the metadata is read, so that millions
 * of them need not be kept. Only objects that are stored uncompressed can be compared.
 */
export class EtagComparison {
  readonly tally = new EtagTally();
  readonly #listed: ListedObjects;

  constructor(listed: ListedObjects) {
    this.#listed = listed;
  }

  /** Compares one MD5 of 16 bytes. The bytes are copied if they are kept. */
  compare(number: number, md5: Uint8Array): void {
    const place = number - 1;
    if (place >= this.#listed.count) return;
    const row = this.#listed.rowAt(place);
    // If objects are missing or stray, that is the fault, not the ETags.
    if (this.#listed.numberAt(row) !== number) return;
    const etag = this.#listed.md5At(row);
    if (etag !== null) this.tally.compare(number, this.#listed.sizeAt(row), etag, md5);
  }
}
