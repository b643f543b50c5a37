import { LRUCache } from 'lru-cache';

/** Maximum number of callers that are remembered; the one that has not called for longest is forgotten first. */
const rememberedMax = 100_000;

/**
 * Limits the call rate of each of many callers, by the generic cell rate algorithm: `perSecond` calls a second in the
 * long run, and `burst` calls at once after a rest. It keeps one number per caller: the time at which all calls so far
 * are paid for.
 */
export class RateLimit {
  readonly #intervalMs: number;
  readonly #savedMs: number;
  readonly #burst: number;
  readonly #nowMs: () => number;
  // With `max`, the cache would allocate room for all callers at once, about 2 MB.
  readonly #paidAtMs = new LRUCache<string, number>({ maxSize: rememberedMax, sizeCalculation: () => 1 });

  /** `nowMs` returns monotonic time. */
  constructor(limit: { readonly perSecond: number; readonly burst: number }, nowMs: () => number) {
    this.#intervalMs = 1000 / limit.perSecond;
    // Without a limit, there is no burst to save up.
    this.#savedMs = limit.perSecond === Infinity ? 0 : this.#intervalMs * (limit.burst - 1);
    this.#burst = Math.max(1, Math.floor(limit.burst));
    this.#nowMs = nowMs;
  }

  /**
   * Counts `calls` simultaneous calls, at most as many as the burst. Returns 0 if they are allowed. Otherwise it counts
   * nothing and returns the milliseconds to wait.
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

  /** Takes back the count of one call. */
  giveBack(caller: string): void {
    this.#paidAtMs.set(caller, (this.#paidAtMs.get(caller) ?? this.#nowMs()) - this.#intervalMs);
  }
}
