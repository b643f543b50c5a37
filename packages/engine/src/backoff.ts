/** Milliseconds: how long to wait after the first failure, and at most. */
export type Backoff = { readonly firstMs: number; readonly longestMs: number };

/**
 * How long to wait after a failure, milliseconds: between half and all of a time that doubles with each failure before it.
 * `random`, from 0 to below 1, keeps those that failed together from coming back together.
 */
export function backoffMs({ firstMs, longestMs }: Backoff, failuresBefore: number, random: number): number {
  return Math.min(firstMs * 2 ** failuresBefore, longestMs) * (0.5 + random / 2);
}
