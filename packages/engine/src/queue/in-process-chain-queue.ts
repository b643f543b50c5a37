import pLimit from 'p-limit';
import pRetry from 'p-retry';
import type { ChainKey } from '../catalogue/port.ts';
import type { ChainQueue, ChainWork } from './port.ts';

/** Milliseconds. */
const firstRetryAfterMs = 500;
const lastRetryAfterMs = 60_000;

/** The queue of the embedded default: in memory, `concurrency` chains at a time, in the order in which they came. */
export function createInProcessChainQueue(options: {
  readonly work: ChainWork;
  readonly concurrency: number;
  /** Told of each time that work threw. It is tried again all the same. */
  readonly onFault: (chain: ChainKey, error: unknown) => void;
}): ChainQueue {
  const limit = pLimit(options.concurrency);
  const stopping = new AbortController();
  /** Chains queued or running; `again` where one was added while it ran. */
  const jobs = new Map<string, { again: boolean; started: boolean }>();
  const running = new Set<Promise<void>>();

  function add(chain: ChainKey): void {
    if (stopping.signal.aborted) return;
    const name = JSON.stringify([chain.projectId, chain.storageUnitId, chain.bucketName, chain.chainRoot]);
    const present = jobs.get(name);
    if (present !== undefined) {
      present.again ||= present.started;
      return;
    }
    const job = { again: false, started: false };
    jobs.set(name, job);
    const done = limit(async () => {
      job.started = true;
      await runUntilDone(chain);
      jobs.delete(name);
      if (job.again) add(chain);
    }).finally(() => running.delete(done));
    running.add(done);
  }

  async function runUntilDone(chain: ChainKey): Promise<void> {
    const { signal } = stopping;
    if (signal.aborted) return;
    try {
      await pRetry(() => options.work(chain, signal), {
        retries: Number.POSITIVE_INFINITY,
        minTimeout: firstRetryAfterMs,
        maxTimeout: lastRetryAfterMs,
        randomize: true,
        signal,
        onFailedAttempt: ({ error }) => {
          if (!signal.aborted) options.onFault(chain, error);
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
      await Promise.allSettled(running);
    },
  };
}
