import { type ReasonCode, reasons } from '@backup-sync/contracts';
import { backoffMs } from '../backoff.ts';
import type { Retries } from '../catalogue/operation-records.ts';
import { longestRetryDelayMs, operationLivesMs } from '../deadline.ts';
import type { Services } from '../services.ts';

/** Default for the total time during which an operation is retried, in milliseconds. */
export const defaultRetryForMs = 20 * 60 * 1000;

const backoff = { firstMs: 1_000, longestMs: longestRetryDelayMs };

/** An operation whose attempt has just failed. */
type Failed = {
  readonly storageUnitId: string;
  readonly bucketName: string;
  readonly deadlineAtMs: number;
  readonly retries: Retries;
};

/**
 * When an attempt began. Stored times agree with the wall clock as it was then; the monotonic clock shows how long ago
 * that was.
 */
export type AttemptBeginning = {
  /** As `StoredTimes` gave it when the operation was read, in milliseconds since 1970. */
  readonly wallMs: number;
  readonly monotonicMs: number;
};

/**
 * When to retry an operation whose attempt has just failed, in milliseconds since 1970. If its bucket does not answer,
 * it is retried with the bucket, otherwise after a time that doubles with each attempt. Null if it ends with this
 * reason, because the reason is not retried or the time for retries is over. That time counts from the operation's
 * acceptance or, if that is later, from the beginning of the outage. Without an outage, its first failure counts.
 */
export function nextAttemptAtMs(
  { work: { outages, retryForMs }, world: { clock } }: Services,
  { deadlineAtMs, retries, ...place }: Failed,
  began: AttemptBeginning,
  code: ReasonCode,
): number | null {
  if (reasons[code].retry !== 'self') return null;
  const outage = code === 'changed_while_read' ? null : outages.of(place.storageUnitId, place.bucketName);
  const nowMs = clock.nowMs();
  // The wall clock alone is not enough: it may have been set since the operation was read.
  const sinceMs = (storedMs: number) => began.wallMs - storedMs + (clock.monotonicMs() - began.monotonicMs);
  const firstMs = retries.firstFailureAtMs;
  const failingForMs = outage !== null ? nowMs - outage.beganAtMs : firstMs === null ? 0 : sinceMs(firstMs);
  // If the wall clock is set, the stored deadline follows it, but the time of acceptance does not.
  const acceptedForMs = sinceMs(deadlineAtMs - operationLivesMs);
  if (Math.min(acceptedForMs, failingForMs) >= retryForMs) return null;
  return outage?.notBeforeMs ?? nowMs + Math.round(backoffMs(backoff, retries.attempts, Math.random()));
}
