/** Wait after the first failure and maximum wait, in milliseconds. */
export type Backoff = { readonly firstMs: number; readonly longestMs: number };

/**
 * Milliseconds to wait after a failure: between half and all of a time that doubles with each earlier failure.
 * `random`, from 0 to below 1, keeps operations that failed together from retrying together.
 */
export function backoffMs({ firstMs, longestMs }: Backoff, failuresBefore: number, random: number): number {
  return Math.min(firstMs * 2 ** failuresBefore, longestMs) * (0.5 + random / 2);
}
