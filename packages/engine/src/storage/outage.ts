import type { ReasonCode } from '@backup-sync/contracts';

/** A bucket that does not answer: its work waits, and one job at a time looks whether it answers again. */
export type Outage = {
  readonly storageUnitId: string;
  readonly bucketName: string;
  /** How it does not answer, and what storage said last. */
  readonly fault: {
    readonly code: Extract<ReasonCode, 'storage_unreachable' | 'storage_throttled'>;
    readonly detail: string;
  };
  /** Milliseconds since 1970, as are the others. */
  readonly beganAtMs: number;
  /** Looks that failed so far, the one that began it among them. */
  readonly attempts: number;
  /** When the next look is due. */
  readonly notBeforeMs: number;
};

/** Keeps outages, so that a restart goes on waiting: the catalogue's store of that name. */
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
