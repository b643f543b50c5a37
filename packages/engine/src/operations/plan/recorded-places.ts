import type { RecordedPlace } from '../../catalogue/known-backup-port.ts';
import { compareKeys } from '../../storage/key-order.ts';
import type { ObjectEntry } from '../../storage/port.ts';

/** A recorded place that the listing has gone past without showing a backup there. */
export type MissedPlace = RecordedPlace & {
  /** Something lies there, though not what a scan tells a backup by. */
  readonly isListed: boolean;
};

type OpenPlace = RecordedPlace & { isListed: boolean; isFound: boolean };

/**
 * Holds recorded places, which come in the order of the bytes of their image paths, against a listing, which has the
 * order of keys: what lies at a place follows it without a gap, so the places that are open at a time are those that
 * begin the present key.
 */
export class RecordedPlaces {
  readonly #places: AsyncIterator<RecordedPlace>;
  /** Undefined before the first is asked for, null behind the last. */
  #next: RecordedPlace | null | undefined;
  #open: OpenPlace[] = [];
  /** Gone past, and not handed out yet. */
  readonly #passed: OpenPlace[] = [];
  readonly #byPath = new Map<string, OpenPlace>();

  /** Places must be sorted by {@link compareKeys}, and none may come twice. */
  constructor(places: AsyncIterable<RecordedPlace>) {
    this.#places = places[Symbol.asyncIterator]();
  }

  /** The listing goes on with these. */
  async pass(page: readonly ObjectEntry[]): Promise<void> {
    for (const { key } of page) {
      await this.#openUpTo(key);
      this.#closeUnless((place) => key.startsWith(place.imagePath));
      for (const place of this.#open) place.isListed ||= liesAt(place, key);
    }
  }

  /** A backup was found at this image path, in what the listing has shown so far and nothing was taken of. */
  found(imagePath: string): void {
    const place = this.#byPath.get(imagePath);
    if (place !== undefined) place.isFound = true;
  }

  /** The places gone past since the last call at which no backup was found. */
  takeMissed(): readonly MissedPlace[] {
    const passed = this.#passed.splice(0);
    for (const { imagePath } of passed) this.#byPath.delete(imagePath);
    return passed.filter(({ isFound }) => !isFound);
  }

  /** The listing is complete; yields what it has not come by, for {@link takeMissed} has only what it has. */
  async *rest(): AsyncGenerator<MissedPlace> {
    this.#closeUnless(() => false);
    yield* this.takeMissed();
    for (let place = await this.#peek(); place !== null; place = await this.#peek()) {
      this.#next = undefined;
      yield { ...place, isListed: false };
    }
  }

  async #openUpTo(key: string): Promise<void> {
    for (let place = await this.#peek(); place !== null; place = await this.#peek()) {
      if (compareKeys(place.imagePath, key) > 0) return;
      this.#next = undefined;
      const open = { ...place, isListed: false, isFound: false };
      this.#open.push(open);
      this.#byPath.set(place.imagePath, open);
    }
  }

  #closeUnless(staysOpen: (place: OpenPlace) => boolean): void {
    if (this.#open.every(staysOpen)) return;
    this.#passed.push(...this.#open.filter((place) => !staysOpen(place)));
    this.#open = this.#open.filter(staysOpen);
  }

  async #peek(): Promise<RecordedPlace | null> {
    if (this.#next === undefined) {
      const { done, value } = await this.#places.next();
      this.#next = done === true ? null : value;
    }
    return this.#next;
  }
}

/** In no known format a backup is the object of that very key, or keys below it: `a/b` is not `a/bc`. */
function liesAt({ format, imagePath }: RecordedPlace, key: string): boolean {
  return format !== 'unknown' || key === imagePath || key.startsWith(`${imagePath}/`);
}
