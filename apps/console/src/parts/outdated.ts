import type { UseQueryResult } from '@tanstack/react-query';

/** What is known of a query: whether an answer is shown, and whether a newer one could be read. */
type Reading = Pick<
  UseQueryResult<unknown>,
  'data' | 'error' | 'failureReason' | 'isPlaceholderData' | 'dataUpdatedAt'
>;

/** Why what a query shows may no longer hold, and when it was read. */
export type Outdated = {
  readonly thrown: unknown;
  /** Milliseconds since 1970; null if what is shown is the answer to another question. */
  readonly readAtMs: number | null;
};

/** Why the answer that a query shows is outdated; null if it is not, or if there is none. */
export function outdatedOf(query: Reading): Outdated | null {
  // While a failed read is tried again, there is only a reason, and no error.
  const thrown = query.error ?? query.failureReason;
  if (query.data === undefined || thrown === null) return null;
  return { thrown, readAtMs: query.isPlaceholderData ? null : query.dataUpdatedAt };
}
