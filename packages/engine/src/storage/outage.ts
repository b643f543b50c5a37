import type { ReasonCode } from '@backup-sync/contracts';

/** A bucket that does not answer: its work waits, and one job at a time looks whether it answers again. */
export type Outage = {
  readonly storageUnitId: string;
  readonly bucketName: string;
  readonly reasonCode: Extract<ReasonCode, 'storage_unreachable' | 'storage_throttled'>;
  /** What storage said last. */
  readonly reasonDetail: string;
  /** Milliseconds since 1970, as are the others. */
  readonly beganAtMs: number;
  /** Looks that failed so far, the one that began it among them. */
  readonly attempts: number;
  /** When the next look is due. */
  readonly notBeforeMs: number;
};

/**
 * Where outages are kept, so that a restart goes on waiting. Each method is one atomic step, on disk once it has
 * answered.
 *
 * - `saveOutage` writes the outage of a bucket, in place of the one that is there.
 * - `endOutage` removes it, and lets what waited for the bucket be taken up at once.
 */
export interface OutageStore {
  saveOutage(outage: Outage): Promise<void>;
  endOutage(storageUnitId: string, bucketName: string): Promise<void>;
  listOutages(): Promise<readonly Outage[]>;
}

/** What is known of outages, by bucket. */
export interface Outages {
  /** Null: the bucket answers, as far as is known. */
  of(storageUnitId: string, bucketName: string): Outage | null;
}
