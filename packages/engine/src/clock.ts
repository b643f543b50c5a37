/** Source of the time. Tests replace it by one that they can set. */
export interface Clock {
  /** Milliseconds since 1970, UTC, to store and to show. The clock may be set back or forward at any moment. */
  nowMs(): number;
  /**
   * Milliseconds since an arbitrary moment of this process; never decreases. For limits, budgets, back-off, timeouts
   * and durations. Means nothing in another process.
   */
  monotonicMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

/** Milliseconds by which clocks of different machines may differ. Times closer together than this agree. */
export const timeToleranceMs = 5 * 60 * 1000;
