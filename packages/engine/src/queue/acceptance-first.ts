import type { Lane } from '../catalogue/operation-records.ts';
import type { Clock } from '../clock.ts';
import { askBeforeRequests } from '../storage/asked-storage-unit.ts';
import type { Sleep } from '../storage/bucket-budget.ts';
import type { StorageUnit } from '../storage/port.ts';

/** Milliseconds after an acceptance in which more are expected: callers send their next list. */
const expectedForMs = 20;
/** Milliseconds from one request of the work to the next while calls are accepted. A request takes about one of CPU. */
const turnEveryMs = 10;

/**
 * Gives the acceptance of calls precedence over the work that was accepted before: callers wait for the one, nobody
 * waits for the other. While calls are accepted, jobs take turns to make one request to storage each, so that they use
 * about a tenth of a core, and interactive ones go first. A flood of calls delays work only until the backlog is full.
 */
export class AcceptanceFirst {
  readonly #clock: Clock;
  readonly #sleep: Sleep;
  #accepting = 0;
  /** Until when more acceptances are expected, in monotonic milliseconds. */
  #expectedUntilMs = Number.NEGATIVE_INFINITY;
  /** What the jobs that wait for their turns call, by lane. */
  readonly #waiting: { readonly [Each in Lane]: (() => void)[] } = { interactive: [], mass: [] };
  #isGivingTurns = false;

  constructor(clock: Clock, sleep: Sleep) {
    this.#clock = clock;
    this.#sleep = sleep;
  }

  /** Runs an acceptance. Do not use it for calls that will be refused, or they would delay the work as well. */
  async run<Accepted>(accept: () => Promise<Accepted>): Promise<Accepted> {
    this.#accepting += 1;
    try {
      return await accept();
    } finally {
      this.#accepting -= 1;
      this.#expectedUntilMs = this.#clock.monotonicMs() + expectedForMs;
    }
  }

  /** The storage unit for a job, whose requests wait for their turns. Closing it closes `unit`. */
  behind(unit: StorageUnit, laneOf: () => Lane): StorageUnit {
    return askBeforeRequests(unit, async (_, make) => {
      await this.turn(laneOf());
      return await make();
    });
  }

  /** Resolves when a job may make its next request, or take its next step: at once unless calls are accepted. */
  async turn(lane: Lane): Promise<void> {
    if (!this.#isFirst) return;
    const turn = new Promise<void>((resolve) => this.#waiting[lane].push(resolve));
    if (!this.#isGivingTurns) void this.#giveTurns();
    await turn;
  }

  get #isFirst(): boolean {
    return this.#accepting > 0 || this.#clock.monotonicMs() < this.#expectedUntilMs;
  }

  async #giveTurns(): Promise<void> {
    this.#isGivingTurns = true;
    const { interactive, mass } = this.#waiting;
    while (interactive.length + mass.length > 0) {
      await this.#sleep(turnEveryMs, undefined);
      if (this.#isFirst) (interactive.shift() ?? mass.shift())?.();
      else for (const begin of [...interactive.splice(0), ...mass.splice(0)]) begin();
    }
    this.#isGivingTurns = false;
  }
}
