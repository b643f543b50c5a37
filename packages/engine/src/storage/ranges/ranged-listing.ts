import { quote } from '../../quote.ts';
import { compareKeys } from '../key-order.ts';
import { type ListRequest, type ObjectEntry, StorageError, type StorageUnit } from '../port.ts';
import { SplitFinder } from './find-split.ts';
import { endsMax, KeyRange } from './key-range.ts';

type Page = readonly ObjectEntry[];
type Request = ListRequest & { readonly signal: AbortSignal };

export type RangeLimits = {
  /** Pages that are listed one after the other before the first split. Most listings end before. */
  readonly pagesBefore: number;
  /** Keys that must have been seen in ascending order before the first split. */
  readonly keysBefore: number;
  /** Pages that are requested at the same time. */
  readonly pagesAtOnce: number;
  /** Pages that are requested or wait for the reader. */
  readonly pagesAhead: number;
  /** Pages that a range should have. At its end, each range lists half a page of the next one again. */
  readonly pagesOfRange: number;
};

/**
 * One listing in ranges.
 *
 * Nobody knows the keys beforehand. So the listing begins as one range, and is split ahead of the reader, again and
 * again, at keys that continue the distances between the pages so far. A wrong guess costs a request, never a key:
 *
 * - A split lowers the upper bound of the range that contains it before the new range begins.
 * - A range is complete once it has listed a key at or after its upper bound.
 * - The reader moves on to the next range only if that one respects its start: its keys sort after it, in order, and
 *   include those that the range before has listed beyond its upper bound. If not, the range before, which is still
 *   open, continues to the end of the listing, and the others are dropped.
 *
 * If a range fails, the listing fails when the reader gets there.
 */
export class RangedListing {
  readonly #unit: StorageUnit;
  readonly #request: Request;
  readonly #limits: RangeLimits;
  readonly #splits: SplitFinder;
  /** In the order of their keys, without gaps. The reader gets the pages of the first. */
  #ranges: readonly [KeyRange, ...KeyRange[]];
  /** Last keys of the newest pages of the ranges that the reader has left. */
  #endsBefore: readonly string[] = [];
  #pagesRead = 0;
  #keysRead = 0;
  /** Pages that may be requested at the same time now. While it is 1, a page is requested only for a waiting reader. */
  #pagesAtOnce = 1;
  #pagesFetching = 0;
  /** Keys that a range has listed beyond its upper bound, and that the next one has not listed yet. */
  #expected: readonly string[] = [];
  /** Whether the reader has left the range at the beginning. */
  #hasMoved = false;
  /** Whether the listing continues as one range. */
  #isSerial = false;
  #isClosed = false;
  #fetched = Promise.withResolvers<void>();

  constructor(unit: StorageUnit, request: Request, limits: RangeLimits) {
    this.#unit = unit;
    this.#request = request;
    this.#limits = limits;
    this.#splits = new SplitFinder(request.prefix.length, limits);
    this.#ranges = [new KeyRange(request.after, null, unit.list(request))];
  }

  /** Returns the next page, or null at the end of a complete listing. Throws the errors of the storage unit. */
  async next(): Promise<Page | null> {
    while (true) {
      const [range, next] = this.#ranges;
      if (!range.isOrdered && !this.#isSerial) this.#continueAsOne(range);
      const page = range.ready.shift();
      if (page !== undefined) {
        // Nothing may be left between a guess and the next one.
        if (page.length === 0 && this.#hasMoved) continue;
        this.#confirm(page);
        this.#pagesRead += 1;
        this.#keysRead += page.length;
        if (this.#pagesAtOnce > 1) this.#fetchAhead();
        return page;
      }
      if (range.failure !== null) throw range.failure.error;
      if (!range.isComplete) await this.#untilFetched();
      else if (next === undefined) return this.#end();
      else if (next.hasBegun) await this.#moveOn(range, next);
      else await this.#untilFetched();
    }
  }

  #end(): null {
    const [missing] = this.#expected;
    if (missing !== undefined) throw untrusted(`it shows ${quote(missing)} only once`);
    return null;
  }

  /** Throws if the page passes keys that were listed before, without listing them again. */
  #confirm(page: Page): void {
    const last = page.at(-1);
    if (this.#expected.length === 0 || last === undefined) return;
    const listed = new Set(page.map(({ key }) => key));
    this.#expected = this.#expected.filter((key) => !listed.has(key));
    const missing = this.#expected.find((key) => compareKeys(key, last.key) <= 0);
    if (missing !== undefined) throw untrusted(`it shows ${quote(missing)} only once`);
  }

  /** Ends all ranges. Pages that are being listed are not awaited. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#ranges.map((range) => range.close()));
  }

  /** Moves the reader to the next range if that one continues what the first has listed. */
  async #moveOn(range: KeyRange, next: KeyRange): Promise<void> {
    const error = next.failure?.error;
    const isIgnored = error instanceof StorageError && error.code === 'start_ignored';
    if (error !== undefined && !isIgnored && next.first === null) throw error;
    if (isIgnored || !next.isOrdered || !range.isContinuedBy(next)) {
      this.#continueAsOne(range);
      return;
    }
    const [, ...others] = this.#ranges;
    this.#ranges = [next, ...others.slice(1)];
    this.#expected = [...this.#expected, ...range.beyond.map(({ key }) => key)];
    this.#endsBefore = [...this.#endsBefore, ...range.ends].slice(-endsMax);
    this.#hasMoved = true;
    // Two guesses were in the same page, or one was beyond the last key. Fewer guesses are wrong less often.
    if (next.isComplete && next.ends.length === 0) this.#pagesAtOnce = Math.ceil(this.#pagesAtOnce / 2);
    await range.close();
  }

  /** Drops all ranges but the first, which lists the rest. The reader has got nothing of what they listed. */
  #continueAsOne(range: KeyRange): void {
    if (!range.isOrdered && this.#hasMoved) {
      throw untrusted(`its keys are out of order before ${quote(range.position ?? '')}`);
    }
    this.#isSerial = true;
    this.#pagesAtOnce = 1;
    const [, ...others] = this.#ranges;
    this.#ranges = [range];
    for (const other of others) other.close().catch(() => {});
    range.removeBound();
  }

  async #untilFetched(): Promise<void> {
    const { pagesBefore, keysBefore, pagesAtOnce } = this.#limits;
    const mayAhead = !this.#isSerial && this.#pagesRead >= pagesBefore && this.#keysRead >= keysBefore;
    // The reader waits: more requests at the same time make it faster.
    if (mayAhead) this.#pagesAtOnce = Math.min(pagesAtOnce, 2 * this.#pagesAtOnce);
    const fetched = Promise.withResolvers<void>();
    this.#fetched = fetched;
    this.#fetchAhead();
    if (this.#pagesFetching === 0) throw new Error('a listing in ranges waits for a page that nobody requests');
    await fetched.promise;
  }

  /** Requests as many pages as are allowed, those first that the reader needs first. */
  #fetchAhead(): void {
    for (let range = this.#toFetch(); range !== null; range = this.#toFetch()) {
      this.#pagesFetching += 1;
      void range.fetch().then(() => {
        this.#pagesFetching -= 1;
        this.#fetched.resolve();
        if (!this.#isClosed && this.#pagesAtOnce > 1) this.#fetchAhead();
      });
    }
  }

  #toFetch(): KeyRange | null {
    const { pagesAhead, pagesOfRange } = this.#limits;
    const needed = this.#ranges.find(({ isComplete, ready }) => !isComplete || ready.length > 0);
    // Empty pages do not show yet where a range begins.
    const isWanted = needed?.ready.length === 0 || needed?.hasBegun === false;
    if (isWanted && needed.failure === null && !needed.isFetching) return needed;
    const ahead = this.#ranges.reduce((sum, { ready }) => sum + ready.length, this.#pagesFetching);
    if (this.#pagesFetching >= this.#pagesAtOnce || ahead >= pagesAhead) return null;
    for (const range of this.#ranges) {
      // What comes after a range that has failed is of no use.
      if (range.failure !== null) return null;
      if (!range.isFetching && !range.isComplete && range.ready.length <= pagesOfRange) return range;
    }
    return this.#pagesAtOnce === 1 ? null : this.#split();
  }

  #split(): KeyRange | null {
    const [first] = this.#ranges;
    const found = this.#splits.find(this.#ranges, [...this.#endsBefore, ...first.ends].slice(-endsMax));
    if (found === null) return null;
    const { range, key } = found;
    const { until } = range;
    range.until = key;
    const leaving = new AbortController();
    const signal = AbortSignal.any([this.#request.signal, leaving.signal]);
    const pages = this.#unit.list({ ...this.#request, after: key, signal });
    const split = new KeyRange(key, until, pages, leaving);
    const at = this.#ranges.indexOf(range) + 1;
    const [head, ...others] = this.#ranges;
    this.#ranges = [head, ...others.slice(0, at - 1), split, ...others.slice(at - 1)];
    return split;
  }
}

function untrusted(problem: string): StorageError {
  return new StorageError('unreachable', `the listing cannot be trusted: ${problem}`);
}
