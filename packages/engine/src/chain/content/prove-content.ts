import { availableParallelism } from 'node:os';
import type { StorageUnit } from '../../storage/port.ts';
import type { LinkData } from '../data.ts';
import type { Fault } from '../proof/link.ts';
import type { StorageOpening } from '../threads/messages.ts';
import { StorageThreads } from '../threads/storage-threads.ts';
import { untilAborted } from '../until-aborted.ts';
import { contentJobs } from './content-jobs.ts';
import { type JobBatch, jobBatches } from './job-batches.ts';
import { type ContentProgress, ProofTally } from './proof-tally.ts';
import { type ContentRunner, failureOf, proveInThisThread } from './prove-batch.ts';

/** Up to this size, threads would cost more than they save. */
const aloneBytesMax = 32 * 1024 * 1024;
const aloneBatchesMax = 4;
/** Batches in each thread at a time: while one waits for storage, another can be hashed. */
const slotsPerThread = 4;

export type ContentProofOptions = {
  /** Reads the objects, and admits the requests of threads. */
  readonly storage: StorageUnit;
  /** How a thread opens the same storage unit for itself. Null to prove everything in this thread. */
  readonly opening: StorageOpening | null;
  /** Default: the number of cores. */
  readonly threadCount?: number;
  /** Number of objects, in order, that an earlier run has proved. Default: 0. */
  readonly startAfter?: number;
  readonly signal: AbortSignal;
  /** Called after each batch of objects. */
  readonly onProgress?: (progress: ContentProgress) => void;
};

/** The result of reading a link's objects. */
export type ContentProof = ContentProgress & {
  /** Fault of the broken object with the smallest offset; null if all objects are right. */
  readonly fault: Fault | null;
};

/**
 * Proves one link to `content`: reads and decompresses every object, and compares lengths, digests and block hashes.
 * Objects are read in parallel; memory does not depend on their size or number.
 *
 * Throws `StorageError` if storage is throttled, unreachable or has lost the bucket. When the signal is aborted, throws
 * its reason immediately. The progress reported so far shows where to continue.
 */
export async function proveContent(link: LinkData, options: ContentProofOptions): Promise<ContentProof> {
  const { signal, startAfter = 0 } = options;
  signal.throwIfAborted();
  const tally = new ProofTally(startAfter);
  const batches = jobBatches(contentJobs(link, startAfter), startAfter);
  await untilAborted(proveBatches(link, batches, tally, options), signal);
  const { failure } = tally;
  if (failure?.kind === 'error') throw failure.error;
  return { ...tally.progress(), fault: failure?.fault ?? null };
}

async function proveBatches(
  link: LinkData,
  batches: AsyncGenerator<JobBatch>,
  tally: ProofTally,
  options: ContentProofOptions,
): Promise<void> {
  const { signal, onProgress, startAfter = 0 } = options;
  const running = new Set<Promise<void>>();
  let planned = startAfter;

  /** The next batch; null at the end, or if the metadata fails. */
  const plan = async (): Promise<JobBatch | null> => {
    try {
      const { done, value } = await batches.next();
      if (done === true) return null;
      planned += value.jobs.length;
      return value;
    } catch (error) {
      tally.fail(planned, failureOf(error));
      return null;
    }
  };

  try {
    const first = await planFirst(plan);
    await using runner = openRunner(link, first, options);
    const start = (batch: JobBatch): void => {
      const proving = runner.prove(batch.jobs).then((result) => {
        if (signal.aborted) return;
        tally.add(batch.first, result);
        onProgress?.(tally.progress());
      });
      const ended = proving
        .catch((error: unknown) => tally.fail(batch.first, { kind: 'error', error }))
        .finally(() => running.delete(ended));
      running.add(ended);
    };
    const abandon = () => void runner[Symbol.asyncDispose]();
    signal.addEventListener('abort', abandon, { once: true });
    let next = first.shift() ?? null;
    // Objects after a failure need not be read. Objects before it may fail too, so they are awaited.
    while (next !== null && tally.failure === null && !signal.aborted) {
      start(next);
      if (running.size >= runner.slots) await Promise.race(running);
      next = first.shift() ?? (await plan());
    }
    await Promise.all(running);
    signal.removeEventListener('abort', abandon);
  } finally {
    await batches.return(undefined);
  }
}

/** The first batches, enough to decide whether threads are worth their cost. */
async function planFirst(plan: () => Promise<JobBatch | null>): Promise<JobBatch[]> {
  const first: JobBatch[] = [];
  let storedBytes = 0;
  while (first.length <= aloneBatchesMax && storedBytes <= aloneBytesMax) {
    const batch = await plan();
    if (batch === null) break;
    first.push(batch);
    storedBytes += batch.storedBytes;
  }
  return first;
}

function openRunner(
  { location: { bucketName } }: LinkData,
  first: readonly JobBatch[],
  { storage, opening, signal, threadCount = availableParallelism() }: ContentProofOptions,
): ContentRunner {
  const storedBytes = first.reduce((sum, batch) => sum + batch.storedBytes, 0);
  const isLittle = first.length <= aloneBatchesMax && storedBytes <= aloneBytesMax;
  if (opening === null || isLittle) return proveInThisThread(storage, bucketName, signal);
  const threads = new StorageThreads(opening, storage, threadCount);
  return {
    slots: threadCount * slotsPerThread,
    prove: (jobs) => threads.prove(bucketName, jobs),
    [Symbol.asyncDispose]: () => threads[Symbol.asyncDispose](),
  };
}
