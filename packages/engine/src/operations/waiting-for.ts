import { describeReason, type OperationStatus, toWireTime, type WaitingFor } from '@backup-sync/contracts';
import type { CatalogueReads } from '../catalogue/catalogue.ts';
import type { Retries } from '../catalogue/operation-records.ts';
import type { Outages } from '../storage/outage.ts';

/** The fields of an operation that say why it waits. */
type Waiting = {
  readonly status: OperationStatus;
  readonly storageUnitId: string;
  readonly bucketName: string;
  readonly updatedAtMs: number;
  readonly retries: Retries;
};

/**
 * Says why an operation waits, in the form of the wire; null if it does not. If its bucket is in outage, the outage is
 * the reason, whether the operation was tried or not.
 */
export function waitingForView(operation: Waiting, outages: Outages): WaitingFor | null {
  const { status, storageUnitId, bucketName, updatedAtMs, retries } = operation;
  if (status !== 'waiting') return null;
  const outage = retries.fault?.code === 'changed_while_read' ? null : outages.of(storageUnitId, bucketName);
  if (outage !== null) {
    return {
      reason: describeReason(outage.fault.code, outage.fault.detail),
      since: toWireTime(outage.beganAtMs),
      attempts: outage.attempts,
      next_attempt_at: toWireTime(outage.notBeforeMs),
    };
  }
  if (retries.fault === null) return null;
  return {
    reason: describeReason(retries.fault.code, retries.fault.detail),
    since: toWireTime(retries.firstFailureAtMs ?? updatedAtMs),
    attempts: retries.attempts,
    next_attempt_at: retries.notBeforeMs === null ? null : toWireTime(retries.notBeforeMs),
  };
}

/** The stored outages of buckets. They are read only if one of these operations waits. */
export async function outagesFor(
  { outages }: Pick<CatalogueReads, 'outages'>,
  operations: readonly Pick<Waiting, 'status'>[],
): Promise<Outages> {
  const stored = operations.some(({ status }) => status === 'waiting') ? await outages.listOutages() : [];
  return {
    of: (storageUnitId, bucketName) =>
      stored.find((each) => each.storageUnitId === storageUnitId && each.bucketName === bucketName) ?? null,
  };
}
