import { compareKeys } from '../key-order.ts';
import { extrapolateKey } from './extrapolate-key.ts';
import type { KeyRange } from './key-range.ts';

/** Finds where to split the ranges of a listing, from the distances between the pages so far. */
export class SplitFinder {
  readonly #fixedUnits: number;
  readonly #pagesOfRange: number;
  readonly #pagesAhead: number;
  #newest: string | undefined;
  #guesses: readonly (string | null)[] = [];

  /** All keys begin with the same first `fixedUnits` code units. */
  constructor(
    fixedUnits: number,
    { pagesOfRange, pagesAhead }: { readonly pagesOfRange: number; readonly pagesAhead: number },
  ) {
    this.#fixedUnits = fixedUnits;
    this.#pagesOfRange = pagesOfRange;
    this.#pagesAhead = pagesAhead;
  }

  /**
   * The first range that seems to be longer than a range should be, and the key to split it at, which sorts after its
   * position and before its upper bound; null if there is none. `ends` are the last keys of pages without a gap.
   */
  find(
    ranges: readonly KeyRange[],
    ends: readonly string[],
  ): { readonly range: KeyRange; readonly key: string } | null {
    const guesses = this.#guess(ends);
    let at = 0;
    // Every second guess may begin a range. Those in between keep it away from the ends of the range that it splits.
    for (let index = 1; index < guesses.length; index += 2) {
      const key = guesses[index];
      if (key == null) continue;
      while (isAfter(key, ranges[at + 1]?.after ?? null)) at += 1;
      const range = ranges[at];
      if (range === undefined || range.failure !== null || range.isExhausted) return null;
      if (range.isComplete || range.position === undefined || !isAfter(key, range.position)) continue;
      const [before, after] = [guesses[index - 1] ?? key, guesses[index + 1] ?? key];
      const isFar = !isAfter(range.position, before);
      if (isFar && (range.until === null || isAfter(range.until, after))) return { range, key };
    }
    return null;
  }

  /** Guesses the last keys of pages to come, half a range apart. To look far ahead, it looks as far back. */
  #guess(ends: readonly string[]): readonly (string | null)[] {
    const newest = ends.at(-1);
    if (newest === undefined || newest === this.#newest) return this.#guesses;
    const guesses: (string | null)[] = [];
    for (let pages = this.#pagesOfRange / 2; pages <= this.#pagesAhead; pages += this.#pagesOfRange / 2) {
      let guess: string | null = null;
      for (let back = Math.min(Math.ceil(pages), ends.length - 1); guess === null && back > 0; ) {
        guess = extrapolateKey(ends[ends.length - 1 - back] ?? '', newest, pages / back, this.#fixedUnits);
        // The keys may be too close together to tell more.
        back = back === ends.length - 1 ? 0 : Math.min(2 * back, ends.length - 1);
      }
      const last = guesses.findLast((each) => each !== null) ?? newest;
      guesses.push(guess !== null && isAfter(guess, last) ? guess : null);
    }
    this.#newest = newest;
    this.#guesses = guesses;
    return guesses;
  }
}

/** Whether a key sorts after another. Nothing sorts after null, the end of a listing. */
function isAfter(key: string, other: string | null): boolean {
  return other !== null && compareKeys(key, other) > 0;
}
