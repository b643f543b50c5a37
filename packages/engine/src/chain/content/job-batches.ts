import type { ContentJob } from './content-job.ts';

/** Consecutive objects that are proved as one unit of work. */
export type JobBatch = {
  /** Number of the link's objects before the first of this batch. */
  readonly first: number;
  readonly jobs: readonly ContentJob[];
  readonly storedBytes: number;
};

/** A batch ends when it reaches either limit: small objects share the cost of a message, large ones travel alone. */
const batchBytes = 8 * 1024 * 1024;
const batchObjects = 64;

/** Groups jobs into batches. `first` is the number of objects before the first job. */
export async function* jobBatches(jobs: AsyncIterable<ContentJob>, first: number): AsyncGenerator<JobBatch> {
  let begin = first;
  let batch: ContentJob[] = [];
  let storedBytes = 0;
  for await (const job of jobs) {
    batch.push(job);
    storedBytes += job.object.storedBytes;
    if (batch.length < batchObjects && storedBytes < batchBytes) continue;
    yield { first: begin, jobs: batch, storedBytes };
    begin += batch.length;
    batch = [];
    storedBytes = 0;
  }
  if (batch.length > 0) yield { first: begin, jobs: batch, storedBytes };
}
