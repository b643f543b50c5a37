import { LRUCache } from 'lru-cache';
import type { Clock } from './clock.ts';

/** What was counted since a moment within the window. `sinceMs` is monotonic time. */
export type WindowCount = { readonly sinceMs: number; count: number };

/** Counts by key, each from nothing again once its window is over. */
export class WindowCounts {
  readonly #clock: Clock;
  readonly #windowMs: number;
  readonly #counts: LRUCache<string, WindowCount>;

  /** Of more than `rememberedMax` keys, the one that was not asked for longest is forgotten. */
  constructor(clock: Clock, windowMs: number, rememberedMax: number) {
    this.#clock = clock;
    this.#windowMs = windowMs;
    // With `max`, the cache would allocate room for all keys at once: some 2 MB for 100,000 of them.
    this.#counts = new LRUCache({ maxSize: rememberedMax, sizeCalculation: () => 1 });
  }

  /** Whether the key was ever counted by, be its window over or not. */
  has(key: string): boolean {
    return this.#counts.has(key);
  }

  /** The count of the window that the key is in now, for the caller to raise. */
  of(key: string): WindowCount {
    const nowMs = this.#clock.monotonicMs();
    const before = this.#counts.get(key);
    if (before !== undefined && nowMs < before.sinceMs + this.#windowMs) return before;
    const begun = { sinceMs: nowMs, count: 0 };
    this.#counts.set(key, begun);
    return begun;
  }
}
