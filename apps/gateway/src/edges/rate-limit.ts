import { LRUCache } from 'lru-cache';

/** Maximum number of callers that are remembered; the one that has not called for longest is forgotten first. */
const rememberedMax = 100_000;

/** Limits the call rate of each of many callers. */
export interface CallLimit {
  /**
   * Counts `calls` simultaneous calls, at most as many as the burst. Returns 0 if they are allowed. Otherwise it counts
   * nothing and returns the milliseconds to wait.
   */
  take(caller: string, calls?: number): number | Promise<number>;
  /** Takes back the count of one call. */
  giveBack(caller: string): void;
}

/**
 * Limits the call rate of each of many callers in this process, by the generic cell rate algorithm: `perSecond` calls a second in the
 * long run, and `burst` calls at once after a rest. It keeps one number per caller: the time at which all calls so far
 * are paid for.
 */
export class RateLimit implements CallLimit {
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

  take(caller: string, calls = 1): number {
    const waitMs = this.waitMs(caller, calls);
    if (waitMs === 0)
      this.#paidAtMs.set(caller, this.#paidMs(caller) + this.#intervalMs * Math.min(calls, this.#burst));
    return waitMs;
  }

  /** Returns the same as {@link take}, but counts nothing. */
  waitMs(caller: string, calls: number): number {
    const ahead = this.#intervalMs * (Math.min(calls, this.#burst) - 1);
    return Math.max(0, this.#paidMs(caller) + ahead - this.#nowMs() - this.#savedMs);
  }

  giveBack(caller: string): void {
    this.#paidAtMs.set(caller, (this.#paidAtMs.get(caller) ?? this.#nowMs()) - this.#intervalMs);
  }

  /** Replaces the count of a caller: all calls so far are paid for in `aheadMs` milliseconds. */
  setAhead(caller: string, aheadMs: number): void {
    this.#paidAtMs.set(caller, this.#nowMs() + aheadMs);
  }

  #paidMs(caller: string): number {
    const nowMs = this.#nowMs();
    return Math.max(this.#paidAtMs.get(caller) ?? nowMs, nowMs);
  }
}
