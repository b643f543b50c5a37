import { chainManifestHashesName, chainManifestName } from '@backup-sync/contracts';
import type { ObjectEntry } from '../storage/port.ts';
import { ListedObjects } from './cinder/object-columns.ts';
import { KeyColumn } from './columns.ts';
import type { ChainContext } from './examiner.ts';
import type { Listing } from './link.ts';
import { ListingDigest } from './listing-digest.ts';

/** Objects kept from the listings of a run: some 80 bytes each. What is larger is listed again by whoever needs the keys. */
const keptObjectsMax = 1_000_000;

/** The objects at and below an image path, in the order of their keys' bytes. Rows of both columns belong together. */
export type PathObjects = {
  /** Relative to the image path, without the "/" between. */
  readonly keys: KeyColumn;
  readonly sizes: ListedObjects;
};

/** What lies at an image path and below it. */
export type PathListing = {
  readonly bucketName: string;
  readonly imagePath: string;
  readonly listing: Listing;
  /** The commit mark of the own manifest, and its block hashes; null where they are not there. */
  readonly manifest: ObjectEntry | null;
  readonly blockHashes: ObjectEntry | null;
  /** All others; null where they were too many to be kept. */
  readonly objects: PathObjects | null;
};

/** Listings by image path, each taken once, whatever formats look at it. */
export class PathListings {
  readonly #context: ChainContext;
  readonly #listings = new Map<string, Promise<PathListing | null>>();
  #objectsLeft = keptObjectsMax;

  constructor(context: ChainContext) {
    this.#context = context;
  }

  /** Null where nothing lies there. Throws what storage throws. */
  at(bucketName: string, imagePath: string): Promise<PathListing | null> {
    const key = JSON.stringify([bucketName, imagePath]);
    const listed = this.#listings.get(key) ?? this.#list(bucketName, imagePath, this.#objectsLeft);
    this.#listings.set(key, listed);
    return listed;
  }

  /** Lists anew, with all objects whatever their number. */
  again(bucketName: string, imagePath: string): Promise<PathListing | null> {
    const listed = this.#list(bucketName, imagePath, Number.POSITIVE_INFINITY);
    this.#listings.set(JSON.stringify([bucketName, imagePath]), listed);
    return listed;
  }

  /** The object of that very key, and the keys below it: never a bare prefix, `a/b` is not `a/bc`. */
  async #list(bucketName: string, imagePath: string, keptMax: number): Promise<PathListing | null> {
    const { storage, signal } = this.#context;
    const digest = new ListingDigest();
    let manifest: ObjectEntry | null = null;
    let blockHashes: ObjectEntry | null = null;
    let objects: PathObjects | null = { keys: new KeyColumn(), sizes: new ListedObjects() };
    let isEmpty = true;
    listing: for await (const page of storage.list({ bucket: bucketName, prefix: imagePath, signal })) {
      for (const entry of page) {
        const relativeKey = entry.key.slice(imagePath.length);
        // Keys are sorted by their bytes: behind "/" comes nothing that is part of this backup.
        if (relativeKey.charAt(0) > '/') break listing;
        if (relativeKey !== '' && !relativeKey.startsWith('/')) continue;
        digest.add(relativeKey, entry);
        isEmpty = false;
        if (relativeKey === `/${chainManifestName}`) manifest = entry;
        else if (relativeKey === `/${chainManifestHashesName}`) blockHashes = entry;
        else if (objects !== null && objects.keys.count < keptMax) {
          objects.keys.add(relativeKey.slice(1));
          objects.sizes.add(objects.keys.count, entry.size, entry.etag);
        } else objects = null;
      }
    }
    if (isEmpty) return null;
    this.#objectsLeft = Math.max(0, this.#objectsLeft - (objects?.keys.count ?? 0));
    return { bucketName, imagePath, listing: digest.finish(), manifest, blockHashes, objects };
  }
}
