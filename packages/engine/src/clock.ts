/** Where the time comes from, so that tests can set it. */
export interface Clock {
  /** Milliseconds since 1970, UTC: what is stored and shown. It may be set back or forward at any moment. */
  nowMs(): number;
  /**
   * Milliseconds since some moment of this process, never fewer than before: for limits, budgets, back-off, timeouts and
   * how long something took. Means nothing to another process.
   */
  monotonicMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

/** Clocks of different machines may differ by so many milliseconds: times closer together agree. */
export const timeToleranceMs = 5 * 60 * 1000;
