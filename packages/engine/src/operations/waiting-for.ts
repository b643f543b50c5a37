import { describeReason, type OperationStatus, toWireTime, type WaitingFor } from '@backup-sync/contracts';
import type { CatalogueReads } from '../catalogue/catalogue.ts';
import type { Retries } from '../catalogue/records.ts';
import type { Outages } from '../storage/outage.ts';

/** What of an operation tells why it waits. */
type Waiting = {
  readonly status: OperationStatus;
  readonly storageUnitId: string;
  readonly bucketName: string;
  readonly updatedAtMs: number;
  readonly retries: Retries;
};

/** Why an operation is not worked on yet, in the form of the wire. Whoever waits for a bucket in outage waits for that, tried or not. */
export function waitingForView(operation: Waiting, outages: Outages): WaitingFor | null {
  const { status, storageUnitId, bucketName, updatedAtMs, retries } = operation;
  if (status !== 'waiting') return null;
  const outage = retries.reason?.code === 'changed_while_read' ? null : outages.of(storageUnitId, bucketName);
  if (outage !== null) {
    return {
      reason: describeReason(outage.reasonCode, outage.reasonDetail),
      since: toWireTime(outage.beganAtMs),
      attempts: outage.attempts,
      next_attempt_at: toWireTime(outage.notBeforeMs),
    };
  }
  if (retries.reason === null) return null;
  return {
    reason: describeReason(retries.reason.code, retries.reason.detail),
    since: toWireTime(retries.firstFailureAtMs ?? updatedAtMs),
    attempts: retries.attempts,
    next_attempt_at: retries.notBeforeMs === null ? null : toWireTime(retries.notBeforeMs),
  };
}

/** The buckets that do not answer, as they are stored: looked up only if one of these operations waits. */
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
