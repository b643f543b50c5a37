import type { Kysely } from 'kysely';
import type { Sleep } from '../../storage/bucket-budget.ts';
import type { Schema } from '../schema.ts';
import { foldCounts } from './fold-counts.ts';
import { keepStatistics } from './keep-statistics.ts';
import { NodeDuty } from './node-duty.ts';
import { numberEvents } from './number-events.ts';
import type { SessionConnection } from './session-connection.ts';

/** Pause between two looks for events to number, in milliseconds. Readers see an event at most twice as late. */
const lookEveryMs = 100;
/**
 * Time between two folds of the counts, and two looks at the statistics, in milliseconds. What is counted meanwhile is
 * more rows for each reader.
 */
const upkeepEveryMs = 1_000;
/** Pause of a node that is not the one to number events, before it tries to become that, in milliseconds. */
const tryEveryMs = 2_000;

export type EventSequencerOptions = {
  readonly database: Kysely<Schema>;
  readonly session: Pick<SessionConnection, 'tryLock'>;
  readonly sleep: Sleep;
  /** Called when events cannot be numbered, or the upkeep fails. Both are tried again. */
  readonly onFault: (error: unknown) => void;
};

/**
 * Numbers the events of all nodes, folds their counts of rows, and keeps the statistics of the database. Each node has a
 * sequencer; the one whose session has the lock works, until its session is lost.
 */
export class EventSequencer implements AsyncDisposable {
  readonly #options: EventSequencerOptions;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: EventSequencerOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('the node is stopping'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const duty = new NodeDuty(this.#options.session, 'number events');
    while (!this.#stopping.signal.aborted) {
      const lost = await duty.take();
      if (lost !== null) await this.#work(AbortSignal.any([this.#stopping.signal, lost]));
      await this.#pause(tryEveryMs);
    }
    await duty[Symbol.asyncDispose]();
  }

  /** Works until the lock is lost or the node stops. */
  async #work(ending: AbortSignal): Promise<void> {
    const { database } = this.#options;
    await Promise.all([
      this.#repeat(ending, lookEveryMs, async () => {
        while (await numberEvents(database)) ending.throwIfAborted();
      }),
      this.#repeat(ending, upkeepEveryMs, async () => {
        await foldCounts(database);
        await keepStatistics(database);
      }),
    ]);
  }

  async #repeat(ending: AbortSignal, pauseMs: number, act: () => Promise<void>): Promise<void> {
    while (!ending.aborted) {
      try {
        await act();
      } catch (error) {
        if (!ending.aborted) this.#options.onFault(error);
      }
      await this.#pause(pauseMs);
    }
  }

  async #pause(durationMs: number): Promise<void> {
    try {
      await this.#options.sleep(durationMs, this.#stopping.signal);
    } catch {
      // The node stops: the loop ends.
    }
  }
}
