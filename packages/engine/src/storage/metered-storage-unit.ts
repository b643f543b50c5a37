import type { Meter } from '../meter.ts';
import { askBeforeRequests } from './asked-storage-unit.ts';
import { StorageError, type StorageUnit } from './port.ts';

/**
 * Counts the requests to a storage unit and how they end: each page of a listing, each `get` and `head`. A request that
 * another client makes counts as answered when it is admitted. Requests that are aborted do not count. Closing the
 * metered unit closes `unit`.
 */
export function meterRequests(unit: StorageUnit, meter: Meter): StorageUnit {
  return askBeforeRequests(unit, async ({ kind, bucket }, make) => {
    try {
      const answer = await make();
      if (!isEndOfPages(answer)) meter.requested(bucket, kind, null);
      return answer;
    } catch (error) {
      if (error instanceof StorageError) meter.requested(bucket, kind, error.code);
      throw error;
    }
  });
}

/** Whether this is not a page, but says that the page before was the last one: no request was made for it. */
function isEndOfPages(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'done' in answer && answer.done === true;
}
