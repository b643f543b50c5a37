import type { DueWork } from '../../catalogue/operation-records.ts';
import type { JobQueue } from '../port.ts';

export type PgBossJobQueueOptions = {
  /** Queues jobs in a transaction of their own. Throws catalogue errors. */
  readonly enqueue: (due: readonly DueWork[]) => Promise<void>;
  /** Ends with the queue. A node that does no work has none. */
  readonly feed: AsyncDisposable | null;
};

/** The queue of a cluster. Its jobs run on any working node. */
export class PgBossJobQueue implements JobQueue {
  readonly #options: PgBossJobQueueOptions;
  #added: DueWork[] = [];
  #sent: Promise<void> = Promise.resolve();

  constructor(options: PgBossJobQueueOptions) {
    this.#options = options;
  }

  async add(job: DueWork): Promise<void> {
    this.#added.push(job);
    // What is added at once is sent at once. What could not be sent before is its own adder's to add again.
    if (this.#added.length === 1) this.#sent = this.#sent.catch(() => {}).then(() => this.#send());
    await this.#sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.feed?.[Symbol.asyncDispose]();
    await this.#sent.catch(() => {});
  }

  async #send(): Promise<void> {
    const due = this.#added;
    this.#added = [];
    await this.#options.enqueue(due);
  }
}
