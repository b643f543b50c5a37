import { compareKeys } from '../key-order.ts';
import type { ObjectEntry } from '../port.ts';

type Page = readonly ObjectEntry[];

/** Maximum number of last keys that are remembered. */
export const endsMax = 128;

/**
 * One range of a listing: the keys after `after`, up to and including `until`. Its listing does not know the upper bound,
 * so the last page may go beyond it.
 */
export class KeyRange {
  /** Undefined for the range at the beginning of the listing. */
  readonly after: string | undefined;
  readonly #pages: AsyncIterator<Page>;
  readonly #leaving: AbortController | undefined;
  /** The upper bound. It may be lowered to a key after `position`, and raised again. Null for the end of the listing. */
  until: string | null;
  /** The last listed key; before the first, `after`. */
  position: string | undefined;
  /** Pages that nobody has taken yet. */
  readonly ready: Page[] = [];
  /** The last keys of the newest pages in this range. */
  readonly ends: string[] = [];
  /** The first page with objects, as it was listed. */
  first: Page | null = null;
  /** The objects of the last page that are beyond the upper bound. */
  beyond: Page = [];
  isFetching = false;
  /** The listing has come to its end, not only to the upper bound. */
  isExhausted = false;
  /** Whether all keys so far sort after `after` and after each other. If not, no page is cut at the upper bound. */
  isOrdered = true;
  failure: { readonly error: unknown } | null = null;

  /** `leaving` ends requests of this range alone. */
  constructor(after: string | undefined, until: string | null, pages: AsyncIterable<Page>, leaving?: AbortController) {
    this.after = after;
    this.position = after;
    this.until = until;
    this.#pages = pages[Symbol.asyncIterator]();
    this.#leaving = leaving;
  }

  /** Whether every key of the range was listed. */
  get isComplete(): boolean {
    if (this.isExhausted) return true;
    return this.until !== null && this.position !== undefined && compareKeys(this.position, this.until) >= 0;
  }

  /** Whether the range has begun as far as needed to tell whether its start was respected. */
  get hasBegun(): boolean {
    return this.first !== null || this.isExhausted || this.failure !== null;
  }

  /** Lists the next page. Never rejects: see `failure`. */
  async fetch(): Promise<void> {
    this.isFetching = true;
    try {
      const { done, value } = await this.#pages.next();
      if (done === true) this.isExhausted = true;
      else this.#take(value);
    } catch (error) {
      this.failure = { error };
    } finally {
      this.isFetching = false;
    }
  }

  /** Continues beyond the upper bound, up to the end of the listing. */
  removeBound(): void {
    this.until = null;
    if (this.beyond.length > 0) this.#keep(this.beyond);
    this.beyond = [];
  }

  /** Whether the next range, which has begun, lists what this one has seen of it. */
  isContinuedBy({ first, isExhausted }: KeyRange): boolean {
    const last = first?.at(-1);
    if (last === undefined) return isExhausted && this.beyond.length === 0;
    const listed = new Set(first?.map(({ key }) => key));
    return this.beyond.every(({ key }) => listed.has(key) || compareKeys(key, last.key) > 0);
  }

  /** Ends the listing. A page that is being listed is not awaited. */
  async close(): Promise<void> {
    this.#leaving?.abort(new Error('nobody needs this range of the listing any more'));
    const closed = Promise.resolve(this.#pages.return?.());
    if (this.isFetching) closed.catch(() => {});
    else await closed;
  }

  #take(page: Page): void {
    let last = this.position;
    for (const { key } of page) {
      if (last !== undefined && compareKeys(last, key) >= 0) this.isOrdered = false;
      last = key;
    }
    this.position = last;
    if (page.length > 0) this.first ??= page;
    const { until } = this;
    if (!this.isOrdered || until === null || last === undefined || compareKeys(last, until) <= 0) this.#keep(page);
    else {
      const within = page.filter(({ key }) => compareKeys(key, until) <= 0);
      if (within.length > 0) this.#keep(within);
      this.beyond = page.filter(({ key }) => compareKeys(key, until) > 0);
    }
  }

  #keep(page: Page): void {
    this.ready.push(page);
    const last = page.at(-1);
    if (last === undefined) return;
    this.ends.push(last.key);
    if (this.ends.length > endsMax) this.ends.shift();
  }
}
