import type { Clock } from '../clock.ts';
import { duration } from '../storage/duration.ts';

/** Readings of the database's clock that took longer are too inexact to correct the time by. Milliseconds. */
const roundTripMaxMs = 1_000;
/** Readings when the clock is opened. The quickest counts. */
const firstReadings = 3;
/** Corrections up to this never take the time back: it stands still until it is right. Milliseconds. */
const smallCorrectionMs = 1_000;
/** A machine whose clock differs from the database's by more gets a notice. Milliseconds. */
const toleratedMs = 5_000;

/** Asks the database for its time, in milliseconds since 1970. It may ignore the time that it gets. */
type Ask<Answer> = (nowMs: number) => Promise<Answer>;

/**
 * The clock of a database that several nodes share, so that their times can be compared. It shows the time of the
 * newest reading, plus what has passed since by the monotonic clock of this machine.
 */
export class DatabaseClock implements Clock {
  readonly #machine: Clock;
  readonly #onNotice: (text: string) => void;
  /** Lead of the database's clock over the monotonic clock of this machine. */
  #leadMs: number;
  #latestMs = Number.NEGATIVE_INFINITY;
  #isTold = false;

  private constructor(machine: Clock, onNotice: (text: string) => void) {
    this.#machine = machine;
    this.#onNotice = onNotice;
    this.#leadMs = machine.nowMs() - machine.monotonicMs();
  }

  /** Reads the database's clock. `onNotice` is called once, with a plain sentence, if the machine's clock is wrong. */
  static async open(machine: Clock, ask: Ask<number>, onNotice: (text: string) => void): Promise<DatabaseClock> {
    const clock = new DatabaseClock(machine, onNotice);
    let best: Reading | null = null;
    for (let count = 0; count < firstReadings; count += 1) {
      const reading = await clock.#read(ask);
      if (best === null || reading.roundTripMs < best.roundTripMs) best = reading;
    }
    if (best !== null) clock.#correct(best);
    return clock;
  }

  nowMs(): number {
    // Whole milliseconds, as they are stored.
    const nowMs = Math.round(this.#machine.monotonicMs() + this.#leadMs);
    if (nowMs < this.#latestMs && nowMs >= this.#latestMs - smallCorrectionMs) return this.#latestMs;
    this.#latestMs = nowMs;
    return nowMs;
  }

  monotonicMs(): number {
    return this.#machine.monotonicMs();
  }

  /** Milliseconds by which the clock of this machine is ahead of the database's; negative if it is behind. */
  get machineAheadMs(): number {
    return this.#machine.nowMs() - (this.#machine.monotonicMs() + this.#leadMs);
  }

  /** Corrects the time by an answer of the database, and returns the answer; null answers have no time. */
  async follow<Answer extends number | null>(ask: Ask<Answer>): Promise<Answer> {
    const { answer, ...reading } = await this.#read(ask);
    if (answer !== null && reading.roundTripMs <= roundTripMaxMs) this.#correct({ ...reading, answer });
    return answer;
  }

  async #read<Answer extends number | null>(ask: Ask<Answer>): Promise<Reading<Answer>> {
    const askedMs = this.#machine.monotonicMs();
    const answer = await ask(this.nowMs());
    const answeredMs = this.#machine.monotonicMs();
    return { answer, roundTripMs: answeredMs - askedMs, atMs: (askedMs + answeredMs) / 2 };
  }

  #correct({ answer, atMs }: Reading): void {
    this.#leadMs = answer - atMs;
    const aheadMs = this.machineAheadMs;
    const isOff = Math.abs(aheadMs) > toleratedMs;
    if (isOff && !this.#isTold) {
      const side = aheadMs > 0 ? 'ahead of' : 'behind';
      this.#onNotice(
        `The clock of this machine is ${duration(Math.abs(aheadMs))} ${side} the database's. The node uses the time of the database.`,
      );
    }
    this.#isTold = isOff;
  }
}

/** An answer of the database, and the monotonic time in the middle of its round trip. */
type Reading<Answer extends number | null = number> = {
  readonly answer: Answer;
  readonly roundTripMs: number;
  readonly atMs: number;
};
