import type { CallEvent } from '../audit-records.ts';
import type { Fence } from '../fence.ts';
import type { StepInput, StepName, StepOutput } from '../steps.ts';
import type { Connection } from './connection.ts';
import { reviveError, type StepAnswer } from './messages.ts';
import { runGroup } from './run-steps.ts';
import type { StepRunner } from './step-runner.ts';

/**
 * Runs steps on the calling thread, one after another, on one connection. This is for a process that makes a few
 * queries and exits: starting threads would take longer than the queries.
 */
export class StepsInPlace implements StepRunner {
  readonly #connection: Connection;
  /** The step that was called last. It has to end before the next one starts, because they share the connection. */
  #last: Promise<unknown> = Promise.resolve();
  #lastId = 0;
  #closed = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async call<Name extends StepName>(
    step: Name,
    input: StepInput<Name>,
    event: CallEvent | null,
    fence: Fence | null,
  ): Promise<StepOutput<Name>> {
    this.#lastId += 1;
    const request = { id: this.#lastId, step, input, event, fence };
    const answered = this.#last.then(async (): Promise<StepAnswer | undefined> => {
      const [answer] = await runGroup(this.#connection, [request]);
      return answer;
    });
    this.#last = answered;
    const answer = await answered;
    if (answer === undefined) throw new Error(`the step ${step} returned no answer`);
    if ('error' in answer) throw reviveError(answer.error);
    // The type of an answer does not depend on the step, but its value does.
    return answer.value as StepOutput<Name>;
  }

  async close(): Promise<void> {
    await this.#last;
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.sqlite.close();
  }
}

/** Runs steps that are mostly never called: their runner is opened with the first call. */
export class LazySteps implements StepRunner {
  readonly #open: () => StepRunner;
  #runner: StepRunner | null = null;

  constructor(open: () => StepRunner) {
    this.#open = open;
  }

  async call<Name extends StepName>(
    step: Name,
    input: StepInput<Name>,
    event: CallEvent | null,
    fence: Fence | null,
  ): Promise<StepOutput<Name>> {
    this.#runner ??= this.#open();
    return this.#runner.call(step, input, event, fence);
  }

  async close(): Promise<void> {
    await this.#runner?.close();
  }
}
