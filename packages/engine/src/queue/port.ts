import type { ChainKey, DueHelp, DueWork, OperationKey } from '../catalogue/operation-records.ts';
import type { StorageUnit } from '../storage/port.ts';

/** Points at the rows of the catalogue that need work. */
export type Job =
  | { readonly kind: 'chain'; readonly chain: ChainKey }
  | { readonly kind: 'operation'; readonly operation: OperationKey }
  | Pick<DueHelp, 'kind' | 'operation' | 'helper'>;

/** The place of a job: its project and bucket. */
export function placeOf(job: Job) {
  return job.kind === 'chain' ? job.chain : job.operation;
}

/** Names the project and bucket of a job, which take turns with others. */
export function groupKeyOf(job: Job): string {
  const { projectId, storageUnitId, bucketName } = placeOf(job);
  return JSON.stringify([storageUnitId, bucketName, projectId]);
}

/** The job without its lane and time. */
export function pointerOf(due: DueWork): Job {
  const { lane: _lane, notBeforeMs: _notBeforeMs, ...pointer } = due;
  return pointer;
}

/** The key of a job within its project and bucket. */
export function keyOf(job: Job): string {
  if (job.kind === 'chain') return job.chain.chainRoot;
  return job.kind === 'operation' ? job.operation.id : JSON.stringify([job.operation.id, job.helper]);
}

/**
 * Runs the work that waits in the catalogue.
 *
 * The durable truth is in the catalogue: a queue may lose everything in a crash. Only one job at a time works on a
 * chain or a single operation. Each lane has its own places, and projects and buckets take turns within it. The
 * verifications of a lane, and help for those of other workers, run one after the other, since each takes all cores.
 *
 * A job that waits for storage, for its time or for a retry holds no place. While a bucket is in an outage, one job at
 * a time probes it. The others wait for the bucket, whatever their times.
 */
export interface JobQueue extends AsyncDisposable {
  /**
   * Queues a job. If it is already waiting, it keeps the higher of the two lanes and the earlier of the two times. If
   * it is running, it runs once more afterwards. A job whose work throws is retried at growing intervals, until it
   * succeeds or the queue is disposed.
   *
   * A running job waits for what it adds: otherwise its end could be stored before, and the work lost in a crash in
   * between. Throws catalogue errors if jobs are stored and this one could not be.
   */
  add(job: DueWork): Promise<void>;
}

/** A running job. */
export type JobRun = {
  /** Aborted when the queue stops. Unfinished work then waits for the next start. */
  readonly signal: AbortSignal;
  /** The storage unit for the requests of this job. */
  readonly storage: StorageUnit;
  /**
   * Waits until no other job has this name; this job then keeps it until it ends. A waiting job holds no place. Throws
   * the signal's reason once the signal is aborted.
   */
  readonly claim: (name: string, signal: AbortSignal) => Promise<void>;
  /** Gives the place of this job to others while `wait` runs, and returns or throws what it does. */
  readonly withoutPlace: <Result>(wait: () => Promise<Result>) => Promise<Result>;
};

/** The work that a queue does for a job. */
export type JobWork = (job: Job, run: JobRun) => Promise<void>;
