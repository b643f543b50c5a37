import { type ReasonCode, reasons } from '@backup-sync/contracts';
import type { Retries } from './catalogue/port.ts';
import type { Services } from './services.ts';

/** How long an operation is retried in all if the engine is told nothing else, milliseconds. */
export const defaultRetryForMs = 20 * 60 * 1000;

const firstDelayMs = 1_000;
/** Longest time between two attempts, milliseconds. */
export const longestRetryDelayMs = 60_000;

/** An operation whose attempt has just failed. */
type Failed = {
  readonly storageUnitId: string;
  readonly bucketName: string;
  readonly createdAtMs: number;
  readonly retries: Retries;
};

/**
 * When an operation whose attempt has just failed is tried again, milliseconds since 1970: with its bucket if that does
 * not answer, else after a time that doubles with each attempt. Null: it ends with this reason, since nobody retries that,
 * or since its time for retries is over. That is counted from the later of its acceptance and the beginning of the outage.
 */
export function nextAttemptAtMs(
  { clock, outages, retryForMs }: Pick<Services, 'clock' | 'outages' | 'retryForMs'>,
  { createdAtMs, retries, ...place }: Failed,
  code: ReasonCode,
): number | null {
  if (reasons[code].retry !== 'self') return null;
  const outage = code === 'changed_while_read' ? null : outages.of(place.storageUnitId, place.bucketName);
  const nowMs = clock.nowMs();
  const beganAtMs = outage?.beganAtMs ?? retries.firstFailureAtMs ?? nowMs;
  if (nowMs - Math.max(createdAtMs, beganAtMs) >= retryForMs) return null;
  return outage?.notBeforeMs ?? nowMs + retryDelayMs(retries.attempts, Math.random());
}

/** Between half and all of a time that doubles with each attempt, so that operations that failed together part ways. */
export function retryDelayMs(attemptsBefore: number, random: number): number {
  const wholeMs = Math.min(longestRetryDelayMs, firstDelayMs * 2 ** attemptsBefore);
  return Math.round((wholeMs / 2) * (1 + random));
}
