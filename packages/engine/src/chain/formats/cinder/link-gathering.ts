import type { ObjectEntry } from '../../../storage/port.ts';
import type { ListedObjects } from '../../proof/object-columns.ts';
import { type CinderKey, cinderPathsIn } from './image-path.ts';
import { type CinderLink, isCinderLink, LinkListing, type RetentionBudget, retentionCost } from './link-listing.ts';

type OpenLink = { readonly imagePath: string; readonly listing: LinkListing };

/** Takes a link whose listing is complete. `objects` is null if there were too many to keep. */
export type TakeLink = (link: CinderLink, objects: ListedObjects | null) => void;

/**
 * Sorts the objects of a listing, in its order, to the links of one folder. An object belongs to every link whose image
 * path its key begins with: `<image path>_copy_backup_<another id>` is an object of that copy. It is also a stray
 * object of the link itself, since a restore by Cinder takes every key that begins with the path.
 *
 * All keys that begin with a path follow one another. So a link is complete at the first key that does not. Only the
 * few links whose paths begin with each other are gathered at a time, however many the folder has.
 */
export class LinkGathering {
  readonly #bucketName: string;
  readonly #folder: string;
  readonly #budget: RetentionBudget;
  readonly #take: TakeLink;
  /** Each path begins with the previous one. */
  readonly #open: OpenLink[] = [];

  constructor(bucketName: string, folder: string, budget: RetentionBudget, take: TakeLink) {
    this.#bucketName = bucketName;
    this.#folder = folder;
    this.#budget = budget;
    this.#take = take;
  }

  add(entry: ObjectEntry): void {
    const { key } = entry;
    for (
      let last = this.#open.at(-1);
      last !== undefined && !key.startsWith(last.imagePath);
      last = this.#open.at(-1)
    ) {
      this.#close(last);
    }
    for (const path of cinderPathsIn(key, this.#open.at(-1)?.imagePath.length ?? 0)) this.#begin(path);
    for (const { imagePath, listing } of this.#open) listing.add(key.slice(imagePath.length), entry);
  }

  /** Completes the links that are being gathered, at the end of the listing. */
  finish(): void {
    for (let last = this.#open.at(-1); last !== undefined; last = this.#open.at(-1)) this.#close(last);
  }

  /** Begins a link, unless its layout belongs to another folder: it is seen completely only there. */
  #begin(path: CinderKey): void {
    if (path.folder !== this.#folder) return;
    this.#open.push({ imagePath: path.imagePath, listing: new LinkListing(this.#bucketName, path, this.#budget) });
  }

  #close({ listing }: OpenLink): void {
    this.#open.pop();
    const { link, objects } = listing.finish();
    if (isCinderLink(link)) this.#take(link, objects);
    else if (objects !== null) this.#budget.objectsLeft += retentionCost(objects.count);
  }
}
