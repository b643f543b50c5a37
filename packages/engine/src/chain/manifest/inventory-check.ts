import { Buffer } from 'node:buffer';
import type { Fault } from '../link.ts';
import type { ListedFile } from '../path-listings.ts';
import type { ManifestObjects } from './manifest-objects.ts';

export type InventoryFinding = {
  readonly fault: Fault;
  /** The object whose ETag is not the MD5 that the manifest has: it may merely be encrypted. Else null. */
  readonly etagOfKey: string | null;
};

/**
 * Holds the objects that a manifest names against a listing, which comes in the order of its keys' bytes: exactly these
 * are to be listed, each of its size, and where the ETag can be compared with an MD5 of the stored bytes, with that
 * content.
 */
export class InventoryCheck {
  readonly #imagePath: string;
  readonly #named: ManifestObjects;
  readonly #rows: Uint32Array;
  /** The place, in the order of their keys, of the first that is named and was not listed yet. */
  #at = 0;
  #missing: string | null = null;
  #missingCount: number;
  #stray: string | null = null;
  #sizeFault: InventoryFinding | null = null;
  #etagFault: InventoryFinding | null = null;

  constructor(imagePath: string, named: ManifestObjects) {
    this.#imagePath = imagePath;
    this.#named = named;
    this.#rows = named.keys.rowsByKey();
    this.#missingCount = named.leftOut;
  }

  /** Takes the next object of the listing. */
  take({ key, size, md5 }: ListedFile): void {
    while (this.#at < this.#rows.length) {
      const row = this.#rows[this.#at] ?? 0;
      const order = Buffer.compare(this.#named.keys.bytesAt(row), key);
      if (order > 0) break;
      this.#at += 1;
      if (order < 0) this.#miss(row);
      else {
        this.#sizeFault ??= checkSize(this.#imagePath, this.#named, row, size);
        this.#etagFault ??= checkEtag(this.#imagePath, this.#named, row, md5);
        return;
      }
    }
    this.#stray ??= key.toString();
  }

  /** The listing is at its end. Null where all is so. */
  finish(): InventoryFinding | null {
    for (; this.#at < this.#rows.length; this.#at += 1) this.#miss(this.#rows[this.#at] ?? 0);
    if (this.#missing !== null) {
      const others = this.#missingCount > 1 ? `, the first of ${this.#missingCount} that are missing` : '';
      return found('object_missing', `${this.#imagePath}/${this.#missing}${others}`);
    }
    const stray = this.#stray;
    if (stray !== null) return found('object_stray', stray === '' ? this.#imagePath : `${this.#imagePath}/${stray}`);
    return this.#sizeFault ?? this.#etagFault;
  }

  #miss(row: number): void {
    this.#missing ??= this.#named.keys.at(row);
    this.#missingCount += 1;
  }
}

function checkSize(imagePath: string, named: ManifestObjects, row: number, size: number): InventoryFinding | null {
  const expected = named.storedSizeAt(row);
  if (size === expected) return null;
  const key = `${imagePath}/${named.keys.at(row)}`;
  return found('object_size_impossible', `${key} has ${size} bytes, and must have ${expected}`);
}

function checkEtag(
  imagePath: string,
  named: ManifestObjects,
  row: number,
  etag: Uint8Array | null,
): InventoryFinding | null {
  const md5 = named.storedMd5.at(row);
  if (etag === null || md5 === null || Buffer.compare(etag, md5) === 0) return null;
  const key = `${imagePath}/${named.keys.at(row)}`;
  const detail = `${key} has ETag ${Buffer.from(etag).toString('hex')}, and must have MD5 ${named.storedMd5.hexAt(row)}`;
  return { fault: { code: 'object_etag_mismatch', detail }, etagOfKey: key };
}

function found(code: Fault['code'], detail: string): InventoryFinding {
  return { fault: { code, detail }, etagOfKey: null };
}
