import pLimit from 'p-limit';
import pRetry from 'p-retry';
import type { Clock } from '../clock.ts';
import type { StorageUnit } from '../storage/port.ts';
import type { Job, JobQueue, JobWork, QueuedJob } from './port.ts';

/** Milliseconds. */
const firstRetryAfterMs = 500;
const lastRetryAfterMs = 60_000;

/**
 * The queue of the embedded default: in memory, `concurrency` jobs at a time and one verification beside them, in the
 * order in which they came.
 */
export function createInProcessJobQueue(options: {
  readonly work: JobWork;
  readonly concurrency: number;
  readonly storage: StorageUnit;
  readonly clock: Clock;
  /** Told of each time that work threw. It is tried again all the same. */
  readonly onFault: (job: Job, error: unknown) => void;
}): JobQueue {
  const limit = pLimit(options.concurrency);
  const oneAtATime = pLimit(1);
  const stopping = new AbortController();
  /** Jobs queued or running; `again` where one was added while it ran. */
  const present = new Map<string, { again: boolean; started: boolean }>();
  const running = new Set<Promise<void>>();
  /** Jobs whose time has not come, each with the earliest of its times. */
  const sleeping = new Map<string, { readonly timer: NodeJS.Timeout; readonly notBeforeMs: number }>();

  function add(job: QueuedJob): void {
    if (stopping.signal.aborted) return;
    const name = nameOf(job);
    const asleep = sleeping.get(name);
    const nowMs = options.clock.nowMs();
    if (job.notBeforeMs !== null && job.notBeforeMs > nowMs) {
      if (asleep !== undefined && asleep.notBeforeMs <= job.notBeforeMs) return;
      clearTimeout(asleep?.timer);
      const wake = () => {
        sleeping.delete(name);
        add({ ...job, notBeforeMs: null });
      };
      sleeping.set(name, { timer: setTimeout(wake, job.notBeforeMs - nowMs), notBeforeMs: job.notBeforeMs });
      return;
    }
    clearTimeout(asleep?.timer);
    sleeping.delete(name);
    const same = present.get(name);
    if (same !== undefined) {
      same.again ||= same.started;
      return;
    }
    const state = { again: false, started: false };
    present.set(name, state);
    const isVerification = job.kind === 'task' && job.task.kind === 'verify';
    const done = (isVerification ? oneAtATime : limit)(async () => {
      state.started = true;
      try {
        await runUntilDone(job);
      } finally {
        present.delete(name);
      }
      if (state.again) add({ ...job, notBeforeMs: null });
    }).finally(() => running.delete(done));
    running.add(done);
  }

  async function runUntilDone(job: Job): Promise<void> {
    const { signal } = stopping;
    if (signal.aborted) return;
    try {
      await pRetry(() => options.work(job, { signal, storage: options.storage }).catch(asRetryable), {
        retries: Number.POSITIVE_INFINITY,
        minTimeout: firstRetryAfterMs,
        maxTimeout: lastRetryAfterMs,
        randomize: true,
        signal,
        onFailedAttempt: ({ error }) => {
          if (!signal.aborted) options.onFault(job, error.cause);
        },
      });
    } catch (error) {
      // Only stopping ends the tries: the rows wait for the next start.
      if (!signal.aborted) throw error;
    }
  }

  return {
    add,
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('the queue is stopping'));
      for (const { timer } of sleeping.values()) clearTimeout(timer);
      await Promise.allSettled(running);
    },
  };
}

/** p-retry takes some classes of errors for final, a TypeError among them. */
function asRetryable(error: unknown): never {
  throw new Error('work failed', { cause: error });
}

function nameOf(job: Job): string {
  if (job.kind === 'task') return job.task.id;
  const { projectId, storageUnitId, bucketName, chainRoot } = job.chain;
  return JSON.stringify([projectId, storageUnitId, bucketName, chainRoot]);
}
