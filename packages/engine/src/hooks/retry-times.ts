const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Wait before each try after the first one, in milliseconds: the schedule of Standard Webhooks. */
const waitsMs: readonly number[] = [
  ...[5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour],
  ...[10 * hour, 14 * hour, 20 * hour, 24 * hour],
];

/** Share of a wait that is added at random, so that what failed together is not tried together. */
const jitter = 0.1;

/**
 * Milliseconds to wait after the failed try of this number, counted from 1; null after the last. `random` is from 0 to
 * below 1.
 */
export function waitAfterTry(tries: number, retryAfterMs: number | null, random: number): number | null {
  const waitMs = waitsMs[tries - 1];
  return waitMs === undefined ? null : Math.max(waitMs, retryAfterMs ?? 0) * (1 + jitter * random);
}
