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
  readonly #nowMs: () => number;
  readonly #paidAtMs = new LRUCache<string, number>({ max: rememberedMax });

  constructor(limit: { readonly perSecond: number; readonly burst: number }, nowMs: () => number) {
    this.#intervalMs = 1000 / limit.perSecond;
    // Where there is no limit, nothing is to be saved up either.
    this.#savedMs = limit.perSecond === Infinity ? 0 : this.#intervalMs * (limit.burst - 1);
    this.#nowMs = nowMs;
  }

  /** Counts a call; answers 0, or, without counting it, after how many milliseconds it may come again. */
  take(caller: string): number {
    const nowMs = this.#nowMs();
    const longestMs = this.#savedMs + this.#intervalMs;
    // A clock that was set back must not shut a caller out until it is there again.
    const paidAtMs = Math.min(this.#paidAtMs.get(caller) ?? nowMs, nowMs + longestMs);
    const waitMs = paidAtMs - nowMs - this.#savedMs;
    if (waitMs > 0) return waitMs;
    this.#paidAtMs.set(caller, Math.max(paidAtMs, nowMs) + this.#intervalMs);
    return 0;
  }
}
