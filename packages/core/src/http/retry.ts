/** The number of attempts of a call, and the pauses between them. */
export type Backoff = {
  /** Attempts in total, including the first. */
  readonly attempts: number;
  /** Pause before the second attempt, milliseconds. It doubles with each further attempt. */
  readonly firstMs: number;
  /** Longest pause, milliseconds. */
  readonly longestMs: number;
};

/** For a service that asks for fewer calls. It will accept them later, so more attempts make sense. */
export const throttleBackoff: Backoff = { attempts: 10, firstMs: 500, longestMs: 20_000 };
/** For a service that does not answer or is at fault. */
export const faultBackoff: Backoff = { attempts: 4, firstMs: 200, longestMs: 5_000 };

/** Longest `Retry-After` that a call waits for; if the service asks for more, the call fails. */
export const longestWaitMs = 5 * 60_000;

/** Returns the pause after an attempt: random between half and all of it, so that clients do not retry in step. */
export function backoffMs({ firstMs, longestMs }: Backoff, attempt: number, random: number): number {
  const wholeMs = Math.min(longestMs, firstMs * 2 ** (attempt - 1));
  return (wholeMs / 2) * (1 + random);
}
