import { type ReasonCode, reasons } from '@backup-sync/contracts';
import { backoffMs } from '../backoff.ts';
import type { Retries } from '../catalogue/operation-records.ts';
import { longestRetryDelayMs, operationLivesMs } from '../deadline.ts';
import type { Services } from '../services.ts';

/** How long an operation is retried in all if the engine is told nothing else, milliseconds. */
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
 * When an attempt began, in milliseconds: by the wall clock, as `StoredTimes` gave it when the operation was read, and by the
 * monotonic clock. What is stored agrees with the first, and the second says how long ago that was.
 */
export type AttemptBeginning = { readonly wallMs: number; readonly monotonicMs: number };

/**
 * When an operation whose attempt has just failed is tried again, milliseconds since 1970: with its bucket if that does
 * not answer, else after a time that doubles with each attempt. Null: it ends with this reason, since nobody retries that,
 * or since its time for retries is over. That is counted from the later of its acceptance and the beginning of the outage.
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
  // Not by the wall clock alone, which may have been set since the operation was read.
  const sinceMs = (storedMs: number) => began.wallMs - storedMs + (clock.monotonicMs() - began.monotonicMs);
  const firstMs = retries.firstFailureAtMs;
  const failingForMs = outage !== null ? nowMs - outage.beganAtMs : firstMs === null ? 0 : sinceMs(firstMs);
  // The deadline follows a wall clock that is set, and the time of acceptance does not.
  const acceptedForMs = sinceMs(deadlineAtMs - operationLivesMs);
  if (Math.min(acceptedForMs, failingForMs) >= retryForMs) return null;
  return outage?.notBeforeMs ?? nowMs + Math.round(backoffMs(backoff, retries.attempts, Math.random()));
}
