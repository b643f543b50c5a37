import type { BackupFormat } from '@backup-sync/contracts';
import type { RecordedBackup } from '../catalogue/known-backup.ts';
import type { BucketContext } from '../chain/chain-context.ts';
import { formats } from '../chain/formats/formats.ts';
import {
  type Likeness,
  type ListingComparison,
  PathComparison,
  type SharedProblem,
} from '../chain/listing-comparison.ts';
import { compareKeys } from '../storage/key-order.ts';
import type { ObjectEntry } from '../storage/port.ts';

/** An image path with a record, once the listing has passed all its objects. */
export type PassedPlace = {
  readonly imagePath: string;
  /** Comparison of the listing with each record of this place, by backup id. */
  readonly likeness: ReadonlyMap<string, Likeness>;
};

/** A problem of objects that backups of this format share. */
export type PlacedProblem = SharedProblem & { readonly format: BackupFormat };

/** The recorded backups whose objects share one prefix, while the listing is in that prefix. */
type OpenPrefix = {
  readonly prefix: string;
  readonly comparison: ListingComparison;
  /** False if the listing begins inside the prefix: then it does not show whether anything has changed. */
  readonly isWhole: boolean;
  readonly backups: RecordedBackup[];
};

/**
 * Compares records with a listing. Records come in byte order of their image paths, the listing in the order of its
 * keys. The objects of a backup share a prefix, so only the few prefixes of the current key are open at a time, however
 * long the listing is.
 */
export class RecordedPlaces {
  readonly #context: BucketContext;
  readonly #listedPrefix: string;
  readonly #recorded: AsyncIterator<RecordedBackup>;
  /** Undefined before the first is read, null after the last. */
  #next: RecordedBackup | null | undefined;
  #open: OpenPrefix[] = [];
  readonly #passed: PassedPlace[] = [];
  readonly #problems: PlacedProblem[] = [];
  /** Image paths that are open, or passed but not taken yet. */
  readonly #present = new Set<string>();

  /**
   * Backups must be sorted by {@link compareKeys} of their image paths. Only keys that begin with `listedPrefix` are
   * listed.
   */
  constructor(context: BucketContext, listedPrefix: string, recorded: AsyncIterable<RecordedBackup>) {
    this.#context = context;
    this.#listedPrefix = listedPrefix;
    this.#recorded = recorded[Symbol.asyncIterator]();
  }

  /** Compares the next page of the listing. Throws storage errors. */
  async pass(page: readonly ObjectEntry[]): Promise<void> {
    for (const entry of page) {
      await this.#openUpTo(entry.key);
      await this.#closeUnless(({ prefix }) => entry.key.startsWith(prefix));
      for (const { comparison } of this.#open) comparison.pass(entry);
    }
  }

  /**
   * Whether there is a record at an image path that the listing has reached and that was not taken yet. Also true of the
   * next record: the extents of a disk are listed before it, and a page may end between them.
   */
  has(imagePath: string): boolean {
    return this.#present.has(imagePath) || this.#next?.imagePath === imagePath;
  }

  /** Returns the places that the listing has passed since the last call. */
  takePassed(): readonly PassedPlace[] {
    const passed = this.#passed.splice(0);
    for (const { imagePath } of passed) this.#present.delete(imagePath);
    return passed;
  }

  /** Returns the problems of objects that backups share, of what the listing has passed since the last call. */
  takeProblems(): readonly PlacedProblem[] {
    return this.#problems.splice(0);
  }

  /** Yields the places not yet taken, then those the listing did not reach. Call it when the listing is complete. */
  async *rest(): AsyncGenerator<PassedPlace> {
    await this.#closeUnless(() => false);
    yield* this.takePassed();
    for (let backup = await this.#peek(); backup !== null; backup = await this.#peek()) {
      const { imagePath } = backup;
      const likeness = new Map<string, Likeness>();
      for (let same = await this.#peek(); same?.imagePath === imagePath; same = await this.#peek()) {
        likeness.set(same.backupId, 'absent');
        this.#next = undefined;
      }
      yield { imagePath, likeness };
    }
  }

  async #openUpTo(key: string): Promise<void> {
    for (let backup = await this.#peek(); backup !== null; backup = await this.#peek()) {
      // A comparison takes all objects of a prefix, and some may come before the image path.
      const prefix = objectsPrefixOf(backup);
      const isInPrefix = prefix.startsWith(this.#listedPrefix) && key.startsWith(prefix);
      if (compareKeys(backup.imagePath, key) > 0 && !isInPrefix) return;
      this.#next = undefined;
      this.#present.add(backup.imagePath);
      const open = this.#prefixOf(backup);
      open.backups.push(backup);
      open.comparison.expect(backup);
    }
  }

  #prefixOf({ format, imagePath }: RecordedBackup): OpenPrefix {
    const objectsPrefix = objectsPrefixOf({ format, imagePath });
    const isWhole = objectsPrefix.startsWith(this.#listedPrefix);
    const prefix = isWhole ? objectsPrefix : imagePath;
    const open = this.#open.find((each) => each.prefix === prefix && each.isWhole === isWhole && isOf(each, format));
    if (open !== undefined) return open;
    const comparison = isWhole ? formats[format].compare(objectsPrefix) : new PathComparison(imagePath, () => true);
    const opened: OpenPrefix = { prefix, comparison, isWhole, backups: [] };
    this.#open.push(opened);
    return opened;
  }

  async #closeUnless(staysOpen: (open: OpenPrefix) => boolean): Promise<void> {
    if (this.#open.every(staysOpen)) return;
    const closed = this.#open.filter((open) => !staysOpen(open));
    this.#open = this.#open.filter(staysOpen);
    const byPath = new Map<string, Map<string, Likeness>>();
    for (const { comparison, isWhole, backups } of closed) {
      const compared = await comparison.finish(this.#context);
      const [first] = backups;
      if (comparison.problem && first !== undefined) {
        this.#problems.push({ ...comparison.problem, format: first.format });
      }
      for (const { backupId, imagePath } of backups) {
        const likeness = compared.get(backupId) ?? 'changed';
        const place = byPath.get(imagePath) ?? new Map<string, Likeness>();
        byPath.set(imagePath, place.set(backupId, likeness === 'same' && !isWhole ? 'changed' : likeness));
      }
    }
    for (const [imagePath, likeness] of byPath) this.#passed.push({ imagePath, likeness });
  }

  async #peek(): Promise<RecordedBackup | null> {
    if (this.#next === undefined) {
      const { done, value } = await this.#recorded.next();
      this.#next = done === true ? null : value;
    }
    return this.#next;
  }
}

function objectsPrefixOf({ format, imagePath }: Pick<RecordedBackup, 'format' | 'imagePath'>): string {
  return formats[format].objectsPrefixOf(imagePath);
}

function isOf({ backups }: OpenPrefix, format: BackupFormat): boolean {
  return backups[0]?.format === format;
}
