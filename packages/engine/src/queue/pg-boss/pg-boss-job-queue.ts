import type { DueWork } from '../../catalogue/operation-records.ts';
import type { JobQueue } from '../port.ts';

export type PgBossJobQueueOptions = {
  /** Queues jobs in a transaction of their own. */
  readonly enqueue: (due: readonly DueWork[]) => Promise<void>;
  /** Called once when jobs can no longer be queued. The sweeper queues them later. */
  readonly onFault: (error: unknown) => void;
  /** Ends with the queue. A node that does no work has none. */
  readonly feed: AsyncDisposable | null;
};

/** The queue of a cluster. Its jobs run on any working node. */
export class PgBossJobQueue implements JobQueue {
  readonly #options: PgBossJobQueueOptions;
  #added: DueWork[] = [];
  #sent: Promise<void> = Promise.resolve();
  #isFailing = false;

  constructor(options: PgBossJobQueueOptions) {
    this.#options = options;
  }

  add(job: DueWork): void {
    this.#added.push(job);
    // What is added at once is sent at once.
    if (this.#added.length === 1) this.#sent = this.#sent.then(() => this.#send());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.feed?.[Symbol.asyncDispose]();
    await this.#sent;
  }

  async #send(): Promise<void> {
    const due = this.#added;
    this.#added = [];
    try {
      await this.#options.enqueue(due);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#options.onFault(error);
      this.#isFailing = true;
    }
  }
}
