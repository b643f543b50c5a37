import type { ObjectEntry } from '../../../storage/port.ts';
import { ListingDigest } from '../../listing-digest.ts';
import type { Listing } from '../../proof/link.ts';
import { ListedObjects } from '../../proof/object-columns.ts';
import { type CinderKey, hashFileSuffix, metadataSuffix, objectNumberOf } from './image-path.ts';

/** One link of a chain, as a listing shows it. */
export type CinderLink = {
  readonly bucketName: string;
  readonly imagePath: string;
  /** Null where the path does not tell it. */
  readonly volumeId: string | null;
  readonly backupId: string;
  /** What the keys of the volume's backups in this place begin with. */
  readonly folder: string;
  /** What the metadata calls the objects by, before their number. */
  readonly objectName: string;
  /** What lies before the default folder of this backup; null where it does not lie in one. */
  readonly defaultRoot: string | null;
  readonly listing: Listing;
  /** The commit mark; null where it is not there. */
  readonly metadata: ObjectEntry | null;
  readonly hashFile: ObjectEntry | null;
  readonly dataObjectCount: number;
  /** The first key under the image path that this format does not have; a restore by Cinder stumbles over it. */
  readonly strayKey: string | null;
};

/** How many data objects may still be kept in memory, over all links of a run. */
export type RetentionBudget = { objectsLeft: number };

/** What the objects of one link take of a {@link RetentionBudget}: their columns cost as much as some 120 objects do. */
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

  /** `objects` is null where they were too many to be kept: the link must be listed again to see them. */
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

/** Whether anything of the format lies at the image path; strays alone are not a Cinder backup. */
export function isCinderLink(link: CinderLink): boolean {
  return link.metadata !== null || link.hashFile !== null || link.dataObjectCount > 0;
}
