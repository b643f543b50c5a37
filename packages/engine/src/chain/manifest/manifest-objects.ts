import { type ChainManifestObject, chainManifestCompressions } from '@backup-sync/contracts';
import type { StoredRanges } from '../cinder/geometry-check.ts';
import { DigestColumn, KeyColumn } from '../columns.ts';
import type { Compression } from '../data.ts';
import { NumberColumn } from '../number-column.ts';
import { quote } from '../quote.ts';

const sha256Bytes = 32;
const md5Bytes = 16;

/** The objects that a manifest names, in its order, as columns, some 100 bytes each. */
export class ManifestObjects implements StoredRanges {
  readonly keys = new KeyColumn();
  readonly sha256 = new DigestColumn(sha256Bytes);
  readonly storedSha256 = new DigestColumn(sha256Bytes);
  readonly storedMd5 = new DigestColumn(md5Bytes);
  readonly #offsets = new NumberColumn();
  readonly #lengths = new NumberColumn();
  readonly #storedSizes = new NumberColumn();
  readonly #compressions = new NumberColumn();

  get count(): number {
    return this.keys.count;
  }

  /** In the order of the manifest, which is that of their offsets. */
  rowAt(place: number): number {
    return place;
  }

  placeOf(row: number): string {
    return `object ${quote(this.keys.at(row))}`;
  }

  add(object: ChainManifestObject): void {
    const row = this.keys.count;
    this.keys.add(object.key);
    this.#offsets.set(row, object.offset);
    this.#lengths.set(row, object.length);
    this.#storedSizes.set(row, object.stored_size);
    this.#compressions.set(row, chainManifestCompressions.indexOf(object.compression));
    this.sha256.set(row, Buffer.from(object.sha256, 'hex'));
    if (object.stored_sha256 !== undefined) this.storedSha256.set(row, Buffer.from(object.stored_sha256, 'hex'));
    if (object.stored_md5 !== undefined) this.storedMd5.set(row, Buffer.from(object.stored_md5, 'hex'));
  }

  /** Where the object's data begins in the volume, bytes. */
  offsetAt(row: number): number {
    return this.#offsets.at(row);
  }

  /** Bytes of the volume that the object holds, before compression. */
  lengthAt(row: number): number {
    return this.#lengths.at(row);
  }

  /** Bytes of the object as it is stored. */
  storedSizeAt(row: number): number {
    return this.#storedSizes.at(row);
  }

  compressionAt(row: number): Compression {
    return chainManifestCompressions[this.#compressions.at(row)] ?? 'none';
  }
}
