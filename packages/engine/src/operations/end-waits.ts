import type { Services } from '../services.ts';
import type { Outage } from '../storage/outage.ts';
import { afterEnd } from './after-end.ts';

/** Number of operations that end in one step. It is limited because a step delays all other writes. */
const batchSize = 100;

/**
 * Ends the operations that have waited for a bucket in outage until their time for retries was over, whether they were
 * tried or not. Does not ask storage. Call it after each failed check whether the bucket answers again.
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
    const { ended } = await catalogue.operations.endOverdueWaits(waits);
    if (ended.length === 0) return;
    await afterEnd(services, ended);
  }
}
