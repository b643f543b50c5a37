import { LRUCache } from 'lru-cache';

/** Callers that are remembered; the one that has not called for longest is forgotten first. */
const rememberedMax = 100_000;

/**
 * Limits how often each of many callers calls: so many a second in the long run, and `burst` at once after a rest (the
 * generic cell rate algorithm). It keeps one number a caller: when all calls taken so far are paid for.
 */
export class RateLimit {
  readonly #intervalMs: number;
  readonly #savedMs: number;
  readonly #burst: number;
  readonly #nowMs: () => number;
  // With `max`, the cache would allocate room for all callers at once: some 2 MB.
  readonly #paidAtMs = new LRUCache<string, number>({ maxSize: rememberedMax, sizeCalculation: () => 1 });

  /** `nowMs`: monotonic time. */
  constructor(limit: { readonly perSecond: number; readonly burst: number }, nowMs: () => number) {
    this.#intervalMs = 1000 / limit.perSecond;
    // Where there is no limit, nothing is to be saved up either.
    this.#savedMs = limit.perSecond === Infinity ? 0 : this.#intervalMs * (limit.burst - 1);
    this.#burst = Math.max(1, Math.floor(limit.burst));
    this.#nowMs = nowMs;
  }

  /**
   * Counts calls that are made at once, at most the burst; answers 0, or, without counting them, after how many
   * milliseconds they may come again.
   */
  take(caller: string, calls = 1): number {
    const nowMs = this.#nowMs();
    const paidAtMs = Math.max(this.#paidAtMs.get(caller) ?? nowMs, nowMs);
    const counted = Math.min(calls, this.#burst);
    const waitMs = paidAtMs + this.#intervalMs * (counted - 1) - nowMs - this.#savedMs;
    if (waitMs > 0) return waitMs;
    this.#paidAtMs.set(caller, paidAtMs + this.#intervalMs * counted);
    return 0;
  }

  /** Uncounts one call. */
  giveBack(caller: string): void {
    this.#paidAtMs.set(caller, (this.#paidAtMs.get(caller) ?? this.#nowMs()) - this.#intervalMs);
  }
}
