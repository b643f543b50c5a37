import type { ReasonCode } from '@backup-sync/contracts';

/** A bucket that does not answer. Its work waits, and one job at a time probes whether it answers again. */
export type Outage = {
  readonly storageUnitId: string;
  readonly bucketName: string;
  /** The kind of failure, and the last error message of storage. */
  readonly fault: {
    readonly code: Extract<ReasonCode, 'storage_unreachable' | 'storage_throttled'>;
    readonly detail: string;
  };
  /** Milliseconds since 1970. */
  readonly beganAtMs: number;
  /** Failures so far: the request that began the outage, then one per failed probe. */
  readonly attempts: number;
  /** Time of the next probe, milliseconds since 1970. */
  readonly notBeforeMs: number;
};

/** Stores outages, so that work keeps waiting after a restart. The catalogue implements it. */
export interface OutageStore {
  saveOutage(outage: Outage): Promise<void>;
  endOutage(storageUnitId: string, bucketName: string): Promise<void>;
  listOutages(): Promise<readonly Outage[]>;
}

/** Looks up the known outages by bucket. */
export interface Outages {
  /** The outage of a bucket; null if it answers, as far as is known. */
  of(storageUnitId: string, bucketName: string): Outage | null;
}
