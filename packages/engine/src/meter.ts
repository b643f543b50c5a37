import type { CallName, ErrorCode, VerificationLevel } from '@backup-sync/contracts';
import type { EndedOperation } from './catalogue/operation-records.ts';
import type { EdgeProof } from './chain/proof/link.ts';
import type { OutsideRequest, StorageErrorCode } from './storage/port.ts';

/** Counts what this process does. Its methods return at once and throw nothing. */
export interface Meter {
  /** A call was answered, or refused with this error. */
  called(name: CallName, error: ErrorCode | null): void;
  /** This process has ended an operation. */
  ended(operation: EndedOperation): void;
  /** A request to storage was answered, or failed with this error. */
  requested(bucketName: string, kind: OutsideRequest['kind'], error: StorageErrorCode | null): void;
  /** A link was proved to this level. */
  proved(level: VerificationLevel, storedBytes: number): void;
}

/** Counts proofs that were recorded. A proof with a fault proves nothing. */
export function meterProofs(meter: Meter | null, proofs: readonly EdgeProof[]): void {
  if (meter === null) return;
  for (const { level, fault, listing } of proofs) {
    if (level !== null && fault === null) meter.proved(level, listing.storedBytes);
  }
}
