import type { ChainKey, DueWork, OperationKey } from '../catalogue/operation-records.ts';
import type { StorageUnit } from '../storage/port.ts';

/** What there is to do: it only points at rows. */
export type Job =
  | { readonly kind: 'chain'; readonly chain: ChainKey }
  | { readonly kind: 'operation'; readonly operation: OperationKey };

/**
 * Sees to it that what waits in the catalogue is worked on.
 *
 * The durable truth is in the catalogue: a queue may lose everything at a crash. One job at a time works on a chain or a
 * single operation. Each lane has its own places. In a lane, the projects and buckets take turns. Verifications of a lane
 * are worked on one after the other, since each takes all cores.
 *
 * A job whose work throws is tried again, less and less often, until it succeeds or the queue is disposed. A job that
 * waits for storage, for its time or to be tried again holds no place. While a bucket is in an outage, one job at a time
 * probes it and the others wait for it, whatever their times.
 */
export interface JobQueue extends AsyncDisposable {
  /**
   * A job that is added again while it waits keeps the higher of its lanes and the earlier of its times. If it is added
   * while it runs, it runs once more afterwards.
   */
  add(job: DueWork): void;
}

/** A job at work. */
export type JobRun = {
  /** Aborted when the queue stops: what is left waits for the next start. */
  readonly signal: AbortSignal;
  /** The storage unit for the requests of this job. */
  readonly storage: StorageUnit;
  /**
   * Waits until no other job has this name to itself; then this one has it until it ends. A job that waits holds no
   * place. Throws the signal's reason once that is aborted.
   */
  readonly claim: (name: string, signal: AbortSignal) => Promise<void>;
};

/** What a queue runs for a job. */
export type JobWork = (job: Job, run: JobRun) => Promise<void>;
