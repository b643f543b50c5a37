import { LRUCache } from 'lru-cache';
import type { Clock } from './clock.ts';

/** A count since the start of its window. `sinceMs` is monotonic time. */
export type WindowCount = { readonly sinceMs: number; count: number };

/** Counts by key. Each count starts again at zero once its window is over. */
export class WindowCounts {
  readonly #clock: Clock;
  readonly #windowMs: number;
  readonly #counts: LRUCache<string, WindowCount>;

  /** Beyond `rememberedMax` keys, the least recently used is forgotten. */
  constructor(clock: Clock, windowMs: number, rememberedMax: number) {
    this.#clock = clock;
    this.#windowMs = windowMs;
    // With `max`, the cache would allocate room for all keys at once: about 2 MB for 100,000 keys.
    this.#counts = new LRUCache({ maxSize: rememberedMax, sizeCalculation: () => 1 });
  }

  /** Whether the key is remembered, even if its window is over. */
  has(key: string): boolean {
    return this.#counts.has(key);
  }

  /** The count of the key's current window, for the caller to increase. */
  of(key: string): WindowCount {
    const nowMs = this.#clock.monotonicMs();
    const before = this.#counts.get(key);
    if (before !== undefined && nowMs < before.sinceMs + this.#windowMs) return before;
    const begun = { sinceMs: nowMs, count: 0 };
    this.#counts.set(key, begun);
    return begun;
  }
}
