import pLimit from 'p-limit';
import { compareKeys } from '../../../storage/key-order.ts';
import { listPageEntriesMax, type ObjectEntry } from '../../../storage/port.ts';
import type { ChainContext } from '../../chain-context.ts';
import { folderLinksMax, refuseBeyond } from '../../proof/object-bound.ts';
import type { ListedObjects } from '../../proof/object-columns.ts';
import { hasMomentFolders, momentFolderOf } from './image-path.ts';
import { LinkGathering } from './link-gathering.ts';
import type { CinderLink, RetentionBudget } from './link-listing.ts';

/** A gapless stretch of the listing that has been read. */
type Stretch = {
  /** Only keys after this one are part of it. It is a moment's folder, or the volume's. */
  readonly from: string;
  /** The last key seen; null before the first. */
  last: string | null;
  /** Whether nothing follows it. */
  ended: boolean;
  /** The links at which it stops: more of their objects may follow. */
  readonly gathering: LinkGathering;
};

/**
 * The listing of a volume's folder, read only as far as needed: the pages with the requested links. Each read begins
 * where the last one ended, or at the next link wanted. Together they are never more than the whole listing. They are
 * also never more than a listing for each link plus the first page, which shows whether there are more.
 *
 * The unit of reading is a moment's folder, `volume_<id>/<time>/`: it contains all objects of a link, whatever its
 * name. A posix folder has no such parts, and is read completely.
 *
 * Its methods throw `listing_too_large` if the folder has more backups than can be kept, and storage errors.
 */
export class VolumeListing {
  readonly bucketName: string;
  readonly prefix: string;
  /** The links that have been read completely, by image path. Code that lists a link again stores it here. */
  readonly links = new Map<string, CinderLink>();
  readonly #context: ChainContext;
  readonly #budget: RetentionBudget;
  readonly #retain: (link: CinderLink, objects: ListedObjects) => void;
  readonly #linksMax: number;
  /** In the order of their keys. No two touch each other. */
  readonly #stretches: Stretch[] = [];
  readonly #hasMoments: boolean;
  readonly #oneAtATime = pLimit(1);
  #moments: readonly string[] | null = null;
  /** Number of earlier moments that the next call of `coverPast` reads. */
  #pastMoments = 1;
  #isComplete = false;

  constructor(
    context: ChainContext,
    place: { readonly bucketName: string; readonly prefix: string },
    retention: {
      readonly budget: RetentionBudget;
      readonly retain: (link: CinderLink, objects: ListedObjects) => void;
    },
    linksMax = folderLinksMax,
  ) {
    this.bucketName = place.bucketName;
    this.prefix = place.prefix;
    this.#hasMoments = hasMomentFolders(place.prefix);
    this.#context = context;
    this.#budget = retention.budget;
    this.#retain = retention.retain;
    this.#linksMax = linksMax;
  }

  /** Whether the whole folder has been read. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Reads the first page, and on to the end if that looks near or nothing can be left out. Throws storage errors. */
  begin(): Promise<void> {
    return this.#oneAtATime(async () => {
      const stretch = this.#newStretch(this.prefix);
      this.#stretches.push(stretch);
      await this.#read(stretch, (page) => !this.#hasMoments || page.length < listPageEntriesMax);
      this.#isComplete = stretch.ended;
    });
  }

  /**
   * Lists the moments alone: in a bucket where the volume may have nothing, one request is enough. A posix folder has
   * no moments, and is read completely. Throws storage errors.
   */
  beginWithMoments(): Promise<void> {
    if (!this.#hasMoments) return this.begin();
    return this.#oneAtATime(async () => {
      this.#moments = await this.#listMoments();
      this.#isComplete = this.#moments.length === 0;
    });
  }

  /** Makes sure that these links have been read, if they are there. Throws storage errors. */
  cover(imagePaths: readonly string[]): Promise<void> {
    return this.#oneAtATime(() => this.#coverMoments(imagePaths.map((imagePath) => this.#momentOf(imagePath))));
  }

  /**
   * Reads further into the past of a link, where its parents are. Each call reads twice as many moments as the one
   * before, and the last one reads the rest. All calls together read no more than the whole listing and a few pages.
   */
  coverPast(imagePath: string): Promise<void> {
    return this.#oneAtATime(async () => {
      const moments = this.#pastMoments;
      this.#pastMoments *= 2;
      this.#moments ??= await this.#listMoments();
      const own = this.#momentOf(imagePath);
      const past = this.#moments.filter((moment) => moment < own && !this.#isCovered(moment));
      await this.#coverMoments(past.slice(-moments));
      if (past.length > moments) return;
      await this.#coverMoments(this.#moments);
      this.#isComplete = true;
    });
  }

  #momentOf(key: string): string {
    return momentFolderOf(key, this.prefix);
  }

  async #coverMoments(moments: readonly string[]): Promise<void> {
    const wanted = new Set(moments);
    for (const moment of [...wanted].sort(compareKeys)) {
      if (this.#isComplete || this.#isCovered(moment)) continue;
      await this.#read(this.#stretchTo(moment), (_, last) => wanted.has(this.#momentOf(last)));
    }
  }

  /** The stretch that stops inside the moment, otherwise a new one that begins with it. */
  #stretchTo(moment: string): Stretch {
    const before = this.#stretches.findLast(({ from }) => compareKeys(from, moment) <= 0);
    const stopsAt = before === undefined || before.last === null ? before?.from : this.#momentOf(before.last);
    if (before !== undefined && stopsAt === moment) return before;
    const stretch = this.#newStretch(moment);
    this.#stretches.splice(before === undefined ? 0 : this.#stretches.indexOf(before) + 1, 0, stretch);
    return stretch;
  }

  #isCovered(moment: string): boolean {
    const stretch = this.#stretches.findLast(({ from }) => compareKeys(from, moment) <= 0);
    if (stretch === undefined) return false;
    return stretch.ended || (stretch.last !== null && compareKeys(this.#momentOf(stretch.last), moment) > 0);
  }

  /** Reads on from the end of a stretch until it meets the next, or `goesOn` is false for a page and its last key. */
  async #read(stretch: Stretch, goesOn: (page: readonly ObjectEntry[], last: string) => boolean): Promise<void> {
    const next = this.#stretches[this.#stretches.indexOf(stretch) + 1];
    const { storage, signal } = this.#context;
    const after = stretch.last ?? (stretch.from === this.prefix ? null : stretch.from);
    const request = { bucket: this.bucketName, prefix: this.prefix, signal, ...(after !== null && { after }) };
    for await (const page of storage.list(request)) {
      for (const entry of page) {
        if (next !== undefined && compareKeys(entry.key, next.from) > 0) {
          this.#join(stretch, next);
          return;
        }
        stretch.last = entry.key;
        stretch.gathering.add(entry);
      }
      if (page.length > 0 && stretch.last !== null && !goesOn(page, stretch.last)) return;
    }
    // Objects that the next stretch has seen may be gone since: they stay as they were seen.
    if (next !== undefined) this.#join(stretch, next);
    else {
      stretch.gathering.finish();
      stretch.ended = true;
    }
  }

  #newStretch(from: string): Stretch {
    const gathering = new LinkGathering(this.bucketName, this.prefix, this.#budget, (link, objects) => {
      this.links.set(link.imagePath, link);
      refuseBeyond(this.#linksMax, this.links.size, `backups in ${this.prefix}`);
      if (objects !== null) this.#retain(link, objects);
    });
    return { from, last: null, ended: false, gathering };
  }

  #join(stretch: Stretch, next: Stretch): void {
    stretch.gathering.finish();
    const joined: Stretch = { ...next, from: stretch.from };
    this.#stretches.splice(this.#stretches.indexOf(stretch), 2, joined);
  }

  async #listMoments(): Promise<readonly string[]> {
    const { storage, signal } = this.#context;
    const moments: string[] = [];
    const request = { bucket: this.bucketName, prefix: this.prefix, signal };
    for await (const page of storage.listFolders(request)) {
      moments.push(...page);
      refuseBeyond(this.#linksMax, moments.length, `folders in ${this.prefix}`);
    }
    return moments;
  }
}
