import { Buffer } from 'node:buffer';
import { chainManifestHashesName, chainManifestName } from '@backup-sync/contracts';
import type { ObjectEntry } from '../storage/port.ts';
import type { BucketContext } from './chain-context.ts';
import { KeyColumn } from './columns.ts';
import { ListingDigest } from './listing-digest.ts';
import { isMinioFile } from './minio-layout.ts';
import type { Listing } from './proof/link.ts';
import { ListedObjects, md5OfEtag } from './proof/object-columns.ts';

/** Maximum number of objects kept from a run's listings, some 60 bytes each. Larger listings are repeated on demand. */
const keptObjectsMax = 100_000;
/** Maximum number of objects of which all that was listed is kept: a page, at some 300 bytes an object. */
const keptEntriesMax = 1000;
/** Descriptors, manifests and certificates of OVF packages. */
const packageFileKey = /^\/[^/]+\.(?:ovf|mf|cert)$/i;
/** Descriptors of packages in folders below. */
const descriptorBelow = /^\/(.+)\/[^./][^/]*\.ovf$/is;
/** Maximum number of those that are kept of a listing, and of folders below with packages. */
export const packageFilesMax = 1000;

const manifestKey = `/${chainManifestName}`;
const hashesKey = `/${chainManifestHashesName}`;

/** No storage unit has longer keys, in bytes. */
const keyBytesMax = 4096;

/** An object with its key relative to the image path: empty, or beginning with "/". */
type PathEntry = { readonly relativeKey: string; readonly entry: ObjectEntry };

/** The objects at and below an image path, in the byte order of their keys. The rows of both columns correspond. */
export type PathObjects = {
  /** Relative to the image path, without the "/" between them. */
  readonly keys: KeyColumn;
  readonly sizes: ListedObjects;
};

/** One of these objects, as it is handed over. */
export type ListedFile = {
  /** Relative to the image path, as UTF-8. Valid only until the next object is handed over. */
  readonly key: Buffer;
  readonly size: number;
  /** The MD5 of the ETag; null if the ETag is not an MD5. */
  readonly md5: Uint8Array | null;
};

/** The objects at and below an image path, as listed. */
export type PathListing = {
  readonly bucketName: string;
  readonly imagePath: string;
  readonly listing: Listing;
  /** The object of exactly this key; null if there is none. */
  readonly ownObject: ObjectEntry | null;
  /** The commit mark of this project's own manifest format, and its block hashes; null if they are not there. */
  readonly manifest: ObjectEntry | null;
  readonly blockHashes: ObjectEntry | null;
  /** All others; null if there were too many to keep. */
  readonly objects: PathObjects | null;
  /** The descriptors, manifests and certificates of OVF packages directly below it, the first 1000. */
  readonly packageFiles: readonly ObjectEntry[];
  /** The folders below it that have a descriptor of a package, relative to it, the first 1000. */
  readonly packageFolders: ReadonlySet<string>;
  /** All objects as they were listed; null unless there are few. */
  readonly entries: readonly PathEntry[] | null;
};

/** Listings by image path, each taken once, however many formats use it. */
export class PathListings {
  readonly #context: BucketContext;
  readonly #listings = new Map<string, Promise<PathListing | null>>();
  /** Image paths at which nothing was listed, with objects in the disk layout of MinIO next to them. */
  readonly #minioPaths = new Set<string>();
  #objectsLeft: number;
  #entriesLeft = keptEntriesMax;

  constructor(context: BucketContext, keptMax = keptObjectsMax) {
    this.#context = context;
    this.#objectsLeft = keptMax;
  }

  /** The listing of an image path, taken once; null if nothing is stored there. Throws storage errors. */
  at(bucketName: string, imagePath: string): Promise<PathListing | null> {
    const key = JSON.stringify([bucketName, imagePath]);
    const listed = this.#listings.get(key) ?? this.#list(bucketName, imagePath, this.#objectsLeft);
    this.#listings.set(key, listed);
    return listed;
  }

  /** Whether nothing was listed at this path, but the keys of objects in the disk layout of MinIO begin with it. */
  isMinioPath(imagePath: string): boolean {
    return this.#minioPaths.has(imagePath);
  }

  /** Lists an image path again; null if nothing is stored there any more. Throws storage errors. */
  again(bucketName: string, imagePath: string): Promise<PathListing | null> {
    const listed = this.#list(bucketName, imagePath, this.#objectsLeft);
    this.#listings.set(JSON.stringify([bucketName, imagePath]), listed);
    return listed;
  }

  /**
   * Hands over all objects of a listing, in the byte order of their keys. Lists again if there were too many to keep.
   * False if the objects have changed since the first listing: those handed over then belong to another state.
   */
  async visit(place: PathListing, take: (file: ListedFile) => void): Promise<boolean> {
    const { bucketName, imagePath, objects } = place;
    if (objects !== null) {
      const { keys, sizes } = objects;
      for (let row = 0; row < keys.count; row += 1) {
        take({ key: keys.bytesAt(row), size: sizes.sizeAt(row), md5: sizes.md5At(row) });
      }
      return true;
    }
    const digest = new ListingDigest();
    const bytes = Buffer.alloc(keyBytesMax);
    for await (const page of this.#pages(bucketName, imagePath)) {
      for (const { relativeKey, entry } of page) {
        digest.add(relativeKey, entry);
        if (relativeKey === manifestKey || relativeKey === hashesKey) continue;
        const key = bytes.subarray(0, bytes.write(relativeKey.slice(1)));
        take({ key, size: entry.size, md5: md5OfEtag(entry.etag) });
      }
    }
    return digest.finish().digest === place.listing.digest;
  }

  /**
   * Hands over all objects of a listing as they were listed, like {@link PathListings.visit}. `relativeKey` is empty, or
   * begins with "/".
   */
  async visitEntries(place: PathListing, take: (relativeKey: string, entry: ObjectEntry) => void): Promise<boolean> {
    const { bucketName, imagePath, entries } = place;
    if (entries !== null) {
      for (const { relativeKey, entry } of entries) take(relativeKey, entry);
      return true;
    }
    const digest = new ListingDigest();
    for await (const page of this.#pages(bucketName, imagePath)) {
      for (const { relativeKey, entry } of page) {
        digest.add(relativeKey, entry);
        take(relativeKey, entry);
      }
    }
    return digest.finish().digest === place.listing.digest;
  }

  /**
   * Lists the object of that exact key, and the keys below it. It is not a bare prefix: `a/b` does not cover `a/bc`.
   */
  async *#pages(bucketName: string, imagePath: string): AsyncGenerator<readonly PathEntry[]> {
    const { storage, signal } = this.#context;
    for await (const page of storage.list({ bucket: bucketName, prefix: imagePath, signal })) {
      const entries = page.map((entry) => ({ relativeKey: entry.key.slice(imagePath.length), entry }));
      if (entries.some(({ entry }) => isMinioFile(entry.key, entry.etag !== null))) this.#minioPaths.add(imagePath);
      yield entries.filter(({ relativeKey }) => relativeKey === '' || relativeKey.startsWith('/'));
      // Keys are sorted by their bytes: nothing after "/" is part of this backup.
      const last = entries.at(-1);
      if (last !== undefined && last.relativeKey.charAt(0) > '/') return;
    }
  }

  async #list(bucketName: string, imagePath: string, keptMax: number): Promise<PathListing | null> {
    const digest = new ListingDigest();
    let ownObject: ObjectEntry | null = null;
    let manifest: ObjectEntry | null = null;
    let blockHashes: ObjectEntry | null = null;
    let objects: PathObjects | null = { keys: new KeyColumn(), sizes: new ListedObjects() };
    let entries: PathEntry[] | null = [];
    const packageFiles: ObjectEntry[] = [];
    const packageFolders = new Set<string>();
    let isEmpty = true;
    for await (const page of this.#pages(bucketName, imagePath)) {
      for (const { relativeKey, entry } of page) {
        digest.add(relativeKey, entry);
        isEmpty = false;
        if (entries !== null && entries.length < this.#entriesLeft) entries.push({ relativeKey, entry });
        else entries = null;
        if (packageFiles.length < packageFilesMax && packageFileKey.test(relativeKey)) packageFiles.push(entry);
        const [, below] = descriptorBelow.exec(relativeKey) ?? [];
        if (below !== undefined && packageFolders.size < packageFilesMax) packageFolders.add(below);
        if (relativeKey === '') ownObject = entry;
        if (relativeKey === manifestKey) manifest = entry;
        else if (relativeKey === hashesKey) blockHashes = entry;
        else if (objects !== null && objects.keys.count < keptMax) {
          objects.keys.add(relativeKey.slice(1));
          objects.sizes.add(objects.keys.count, entry.size, entry.etag);
        } else objects = null;
      }
    }
    if (isEmpty) return null;
    this.#entriesLeft -= entries?.length ?? 0;
    this.#objectsLeft = Math.max(0, this.#objectsLeft - (objects?.keys.count ?? 0));
    const listing = digest.finish();
    const found = { ownObject, manifest, blockHashes, objects, packageFiles, packageFolders, entries };
    return { bucketName, imagePath, listing, ...found };
  }
}
