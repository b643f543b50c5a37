import type { ObjectEntry } from '../../../storage/port.ts';
import { ListingDigest } from '../../listing-digest.ts';
import type { Listing } from '../../proof/link.ts';
import { ListedObjects } from '../../proof/object-columns.ts';
import { type CinderKey, hashFileSuffix, metadataSuffix, objectNumberOf } from './image-path.ts';

/** One link of a chain, as a listing shows it. */
export type CinderLink = {
  readonly bucketName: string;
  readonly imagePath: string;
  /** Null if the path does not contain it. */
  readonly volumeId: string | null;
  readonly backupId: string;
  /** See {@link CinderKey.folder}. */
  readonly folder: string;
  /** See {@link CinderKey.objectName}. */
  readonly objectName: string;
  /** See {@link CinderKey.defaultRoot}. */
  readonly defaultRoot: string | null;
  readonly listing: Listing;
  /** The commit mark; null if it is not there. */
  readonly metadata: ObjectEntry | null;
  readonly hashFile: ObjectEntry | null;
  readonly dataObjectCount: number;
  /** The first key under the image path that this format does not have. It makes a restore by Cinder fail. */
  readonly strayKey: string | null;
};

/** Number of data objects that may still be kept in memory, for all links of a run together. */
export type RetentionBudget = { objectsLeft: number };

/**
 * Cost of one link's objects in a {@link RetentionBudget}. Their columns alone take as much memory as some 120 objects.
 */
export function retentionCost(objectCount: number): number {
  return 120 + objectCount;
}

/** Gathers the listing of one link while it streams by. */
export class LinkListing {
  readonly #bucketName: string;
  readonly #key: CinderKey;
  readonly #budget: RetentionBudget;
  readonly #digest = new ListingDigest();
  #metadata: ObjectEntry | null = null;
  #hashFile: ObjectEntry | null = null;
  #dataObjectCount = 0;
  #objects: ListedObjects | null = null;
  #strayKey: string | null = null;

  constructor(bucketName: string, key: CinderKey, budget: RetentionBudget) {
    this.#bucketName = bucketName;
    this.#key = key;
    this.#budget = budget;
    if (budget.objectsLeft < retentionCost(0)) return;
    budget.objectsLeft -= retentionCost(0);
    this.#objects = new ListedObjects();
  }

  add(suffix: string, entry: ObjectEntry): void {
    this.#digest.add(suffix, entry);
    if (suffix === metadataSuffix) this.#metadata = entry;
    else if (suffix === hashFileSuffix) this.#hashFile = entry;
    else {
      const number = objectNumberOf(suffix);
      if (number === null) this.#strayKey ??= entry.key;
      else this.#addDataObject(number, entry);
    }
  }

  /** Completes the link. `objects` is null if there were too many to keep: list the link again to see them. */
  finish(): { readonly link: CinderLink; readonly objects: ListedObjects | null } {
    const { imagePath, volumeId, backupId, folder, objectName, defaultRoot } = this.#key;
    const link: CinderLink = {
      bucketName: this.#bucketName,
      imagePath,
      volumeId,
      backupId,
      folder,
      objectName,
      defaultRoot,
      listing: this.#digest.finish(),
      metadata: this.#metadata,
      hashFile: this.#hashFile,
      dataObjectCount: this.#dataObjectCount,
      strayKey: this.#strayKey,
    };
    return { link, objects: this.#objects };
  }

  #addDataObject(number: number, entry: ObjectEntry): void {
    this.#dataObjectCount += 1;
    if (this.#objects === null) return;
    if (this.#budget.objectsLeft > 0) {
      this.#budget.objectsLeft -= 1;
      this.#objects.add(number, entry.size, entry.etag);
    } else {
      this.#budget.objectsLeft += retentionCost(this.#objects.count);
      this.#objects = null;
    }
  }
}

/** Whether anything of the format is stored at the image path. Stray objects alone are not a Cinder backup. */
export function isCinderLink(link: CinderLink): boolean {
  return link.metadata !== null || link.hashFile !== null || link.dataObjectCount > 0;
}
