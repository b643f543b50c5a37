import type { Services } from '../services.ts';
import type { Outage } from '../storage/outage.ts';
import { afterEnd } from './after-end.ts';

/** Operations that end in one step: a step holds up all other writes. */
const batchSize = 100;

/**
 * Ends what has waited for a bucket in outage until its time for retries was over, tried or not, without asking
 * storage. For whoever looks whether the bucket answers again: it comes here after each look that failed.
 */
export async function endWaitsPastLimit(services: Services, outage: Outage): Promise<void> {
  const {
    catalogue,
    work: { retryForMs, storedTimes },
  } = services;
  const { storageUnitId, bucketName, beganAtMs, fault } = outage;
  const endedAtMs = await storedTimes.nowMs();
  if (endedAtMs - beganAtMs < retryForMs) return;
  const acceptedByMs = endedAtMs - retryForMs;
  while (true) {
    const waits = { storageUnitId, bucketName, acceptedByMs, fault, endedAtMs, limit: batchSize };
    const ends = await catalogue.operations.endOverdueWaits(waits);
    if (ends.ended.length === 0) return;
    await afterEnd(services, ends);
  }
}
