import { Worker } from 'node:worker_threads';
import type { ContentJob } from './content-job.ts';
import { type BatchAnswer, type BatchRequest, type ContentThreadData, unpackResult } from './content-messages.ts';
import type { BatchResult, ContentRunner } from './prove-batch.ts';

/** Batches in each thread at a time: while one waits for storage, another is hashed. */
const slotsPerThread = 4;

/** Proves in worker threads, each with a storage client of its own. */
export class ContentThreads implements ContentRunner {
  readonly slots: number;
  readonly #threads: readonly ContentThread[];

  constructor(data: ContentThreadData, threadCount: number) {
    this.#threads = Array.from({ length: threadCount }, () => new ContentThread(data));
    this.slots = threadCount * slotsPerThread;
  }

  prove(jobs: readonly ContentJob[]): Promise<BatchResult> {
    const idlest = this.#threads.reduce((one, other) => (other.waiting < one.waiting ? other : one));
    return idlest.prove(jobs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }
}

class ContentThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (result: BatchResult) => void>();
  #lastId = 0;
  /** Why it can prove nothing any more. */
  #failed: Error | null = null;

  constructor(data: ContentThreadData) {
    // In the sources, Node strips the types of the thread's files too, and packages of this repository are sources.
    const fromSource = import.meta.url.endsWith('.ts');
    const file = new URL(fromSource ? './content-thread.ts' : './content-thread.js', import.meta.url);
    const execArgv = fromSource ? ['--conditions=@backup-sync/source'] : [];
    this.#worker = new Worker(file, { workerData: data, execArgv });
    this.#worker.on('message', ({ id, result }: BatchAnswer) => this.#settle(id, unpackResult(result)));
    this.#worker.once('error', (error) => this.#fail(error));
    this.#worker.once('exit', () => this.#fail(new Error('A thread that proves content has ended.')));
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  prove(jobs: readonly ContentJob[]): Promise<BatchResult> {
    this.#lastId += 1;
    const request: BatchRequest = { id: this.#lastId, jobs };
    return new Promise((resolve) => {
      this.#waiting.set(request.id, resolve);
      if (this.#failed === null) this.#worker.postMessage(request);
      else this.#settle(request.id, failedWith(this.#failed));
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(id: number, result: BatchResult): void {
    this.#waiting.get(id)?.(result);
    this.#waiting.delete(id);
  }

  #fail(error: Error): void {
    this.#failed ??= error;
    for (const id of [...this.#waiting.keys()]) this.#settle(id, failedWith(this.#failed));
  }
}

function failedWith(error: Error): BatchResult {
  return { objects: 0, storedBytes: 0, plainBytes: 0, failure: { kind: 'error', error } };
}
