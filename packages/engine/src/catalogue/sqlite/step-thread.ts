import type { Worker } from 'node:worker_threads';
import type { CallEvent } from '../audit-records.ts';
import { CatalogueUnavailableError } from '../catalogue-errors.ts';
import type { Fence } from '../fence.ts';
import type { StepInput, StepName, StepOutput } from '../steps.ts';
import { describeError, reviveError, type StepAnswer, type ThreadRequest } from './messages.ts';
import type { StepRunner } from './step-runner.ts';

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };

/** Runs steps on a thread, and passes its answers to the callers. */
export class StepThread implements StepRunner {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<unknown>;
  /** Requests of this turn of the event loop. They go in one message, since each message wakes the thread. */
  #outgoing: ThreadRequest[] = [];
  #lastId = 0;
  /** Set once no further step can be called. */
  #unavailable: CatalogueUnavailableError | null = null;

  constructor(worker: Worker) {
    this.#worker = worker;
    this.#ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.on('message', (answers: readonly StepAnswer[]) => {
      for (const answer of answers) this.#settle(answer);
    });
    worker.once('error', (error) => this.#fail('A thread of the catalogue has failed.', error));
    worker.once('exit', () => this.#fail('A thread of the catalogue has ended.'));
    // An open catalogue with nothing to do must not keep the process alive.
    worker.unref();
  }

  async call<Name extends StepName>(
    step: Name,
    input: StepInput<Name>,
    event: CallEvent | null,
    fence: Fence | null,
  ): Promise<StepOutput<Name>> {
    if (this.#unavailable !== null) throw this.#unavailable;
    this.#lastId += 1;
    const id = this.#lastId;
    this.#post({ id, step, input, event, fence });
    this.#worker.ref();
    const answered = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    // The value of an answer matches the step; a message between threads loses that type.
    return (await answered) as StepOutput<Name>;
  }

  async close(): Promise<void> {
    if (this.#unavailable === null) {
      this.#unavailable = new CatalogueUnavailableError('The catalogue is closed.');
      this.#worker.ref();
      this.#post('close');
    }
    await this.#ended;
  }

  #post(request: ThreadRequest): void {
    // Runs once the work of this turn has made its calls.
    if (this.#outgoing.length === 0) process.nextTick(() => this.#postAll());
    this.#outgoing.push(request);
  }

  #postAll(): void {
    const requests = this.#outgoing;
    this.#outgoing = [];
    try {
      this.#worker.postMessage(requests);
    } catch {
      // Nothing was sent. Only the requests that cannot be sent fail.
      for (const request of requests) this.#postAlone(request);
    }
  }

  #postAlone(request: ThreadRequest): void {
    try {
      this.#worker.postMessage([request]);
    } catch (error) {
      if (request !== 'close') this.#settle({ id: request.id, error: describeError(error) });
    }
  }

  #settle(answer: StepAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0 && this.#unavailable === null) this.#worker.unref();
    if ('error' in answer) waiting?.reject(reviveError(answer.error));
    else waiting?.resolve(answer.value);
  }

  #fail(message: string, cause?: unknown): void {
    const error = new CatalogueUnavailableError(message, cause === undefined ? undefined : { cause });
    this.#unavailable ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
