/** How often a call is made in all, and how long is waited before it is made again. */
export type Backoff = { readonly attempts: number; readonly firstMs: number; readonly longestMs: number };

/** The service asks for fewer calls: it will take them, in its time. */
export const throttleBackoff: Backoff = { attempts: 10, firstMs: 500, longestMs: 20_000 };
/** Nothing answers, or the service is at fault. */
export const faultBackoff: Backoff = { attempts: 4, firstMs: 200, longestMs: 5_000 };

/** Who is told to come back later than this is told so as an error. */
export const longestWaitMs = 5 * 60_000;

/** Doubles with each attempt, and is between a half and the whole of that: clients that failed together part ways. */
export function backoffMs({ firstMs, longestMs }: Backoff, attempt: number, random: number): number {
  const wholeMs = Math.min(longestMs, firstMs * 2 ** (attempt - 1));
  return (wholeMs / 2) * (1 + random);
}
