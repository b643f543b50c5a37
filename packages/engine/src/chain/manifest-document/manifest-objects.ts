import { type ChainManifestObject, chainManifestCompressions } from '@backup-sync/contracts';
import { quote } from '../../quote.ts';
import { DigestColumn, KeyColumn } from '../columns.ts';
import { NumberColumn } from '../number-column.ts';
import type { StoredRanges } from '../proof/geometry-check.ts';
import { isImageKind } from './whole-images.ts';

const sha256Bytes = 32;
const md5Bytes = 16;

/**
 * The objects that a manifest names, in its order, in columns. Keeps up to a maximum and counts the rest. Each takes
 * about 45 bytes, or 70 with the SHA-256 digests that are needed only to read the data.
 */
export class ManifestObjects implements StoredRanges {
  readonly keys = new KeyColumn();
  readonly sha256 = new DigestColumn(sha256Bytes);
  readonly storedSha256 = new DigestColumn(sha256Bytes);
  readonly storedMd5 = new DigestColumn(md5Bytes);
  readonly #offsets = new NumberColumn();
  readonly #lengths = new NumberColumn();
  readonly #storedSizes = new NumberColumn();
  readonly #compressions = new NumberColumn();
  readonly #countMax: number;
  readonly #keepsSha256: boolean;
  #leftOut = 0;
  /** Whether an object is a disk image, of which zeros need not be stored. */
  hasImages = false;

  constructor(countMax: number, keepsSha256: boolean) {
    this.#countMax = countMax;
    this.#keepsSha256 = keepsSha256;
  }

  /** Number of named objects that are not kept. */
  get leftOut(): number {
    return this.#leftOut;
  }

  get count(): number {
    return this.keys.count;
  }

  /** Rows are in the order of the manifest, which is the order of offsets. */
  rowAt(place: number): number {
    return place;
  }

  placeOf(row: number): string {
    return `object ${quote(this.keys.at(row))}`;
  }

  add(object: ChainManifestObject): void {
    const row = this.keys.count;
    if (row >= this.#countMax) {
      this.#leftOut += 1;
      return;
    }
    this.keys.add(object.key);
    this.#offsets.set(row, object.offset);
    this.#lengths.set(row, object.length);
    this.#storedSizes.set(row, object.stored_size);
    this.#compressions.set(row, chainManifestCompressions.indexOf(object.compression));
    this.hasImages ||= isImageKind(object.compression);
    if (this.#keepsSha256) this.sha256.setHex(row, object.sha256);
    if (this.#keepsSha256 && object.stored_sha256 !== undefined) {
      this.storedSha256.setHex(row, object.stored_sha256);
    }
    if (object.stored_md5 !== undefined) this.storedMd5.setHex(row, object.stored_md5);
  }

  /** Start of the object's data in the volume, in bytes. */
  offsetAt(row: number): number {
    return this.#offsets.at(row);
  }

  /** Bytes of the volume that the object contains, before compression. */
  lengthAt(row: number): number {
    return this.#lengths.at(row);
  }

  /** Stored bytes of the object. */
  storedSizeAt(row: number): number {
    return this.#storedSizes.at(row);
  }

  compressionAt(row: number): ChainManifestObject['compression'] {
    return chainManifestCompressions[this.#compressions.at(row)] ?? 'none';
  }
}
