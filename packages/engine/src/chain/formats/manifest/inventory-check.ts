import { Buffer } from 'node:buffer';
import { counted } from '@backup-sync/contracts';
import type { ManifestObjects } from '../../manifest-document/manifest-objects.ts';
import type { ListedFile } from '../../path-listings.ts';
import { EtagTally } from '../../proof/etags/etag-tally.ts';
import type { Fault } from '../../proof/link.ts';

/**
 * Compares the objects that a manifest names with a listing. Exactly these must be listed, each with its size. ETags
 * are compared with the MD5s of the stored bytes if both are known.
 */
export class InventoryCheck {
  /** The comparison of ETags, by the rows of the objects. */
  readonly etags = new EtagTally();
  readonly #imagePath: string;
  readonly #named: ManifestObjects;
  readonly #rows: Uint32Array;
  /** Index, in the order of keys, of the first named object that was not listed yet. */
  #at = 0;
  #missing: string | null = null;
  #missingCount: number;
  #stray: string | null = null;
  #sizeFault: Fault | null = null;

  constructor(imagePath: string, named: ManifestObjects) {
    this.#imagePath = imagePath;
    this.#named = named;
    this.#rows = named.keys.rowsByKey();
    this.#missingCount = named.leftOut;
  }

  /** Takes the next object of the listing, in the byte order of keys. */
  take({ key, size, md5 }: ListedFile): void {
    while (this.#at < this.#rows.length) {
      const row = this.#rows[this.#at] ?? 0;
      const order = Buffer.compare(this.#named.keys.bytesAt(row), key);
      if (order > 0) break;
      this.#at += 1;
      if (order < 0) this.#miss(row);
      else {
        this.#sizeFault ??= checkSize(this.#imagePath, this.#named, row, size);
        const named = this.#named.storedMd5.at(row);
        if (md5 !== null && named !== null) this.etags.compare(row, size, md5, named);
        return;
      }
    }
    this.#stray ??= key.toString();
  }

  /** Ends the check with the listing. Null if all objects are as named. */
  finish(): Fault | null {
    for (; this.#at < this.#rows.length; this.#at += 1) this.#miss(this.#rows[this.#at] ?? 0);
    if (this.#missing !== null) {
      const others = this.#missingCount > 1 ? `, the first of ${this.#missingCount} that are missing` : '';
      return found('object_missing', `${this.#imagePath}/${this.#missing}${others}`);
    }
    const stray = this.#stray;
    if (stray !== null) return found('object_stray', stray === '' ? this.#imagePath : `${this.#imagePath}/${stray}`);
    return this.#sizeFault;
  }

  #miss(row: number): void {
    this.#missing ??= this.#named.keys.at(row);
    this.#missingCount += 1;
  }
}

function checkSize(imagePath: string, named: ManifestObjects, row: number, size: number): Fault | null {
  const expected = named.storedSizeAt(row);
  if (size === expected) return null;
  const key = `${imagePath}/${named.keys.at(row)}`;
  return found('object_size_impossible', `${key} has ${counted(size, 'byte')}, but must have ${expected}`);
}

function found(code: Fault['code'], detail: string): Fault {
  return { code, detail };
}
