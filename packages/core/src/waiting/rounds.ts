import type { Runtime } from '../runtime.ts';

/** Pauses between two rounds, milliseconds: the first, the longest, and the pause while a stream is open. */
const firstPauseMs = 50;
const lastPauseMs = 5_000;
const followedPauseMs = 30_000;
/** Time that a stream has to open before the first round, milliseconds. When it opens, a round starts. */
const openingMs = 500;

/** Decides when to fetch all operations again. */
export class Rounds {
  readonly #runtime: Runtime;
  #pauseMs = firstPauseMs;
  /** In monotonic time. */
  nextAtMs: number;

  constructor(runtime: Runtime, mayBeFollowed: boolean) {
    this.#runtime = runtime;
    this.nextAtMs = runtime.monotonicMs() + (mayBeFollowed ? openingMs : firstPauseMs);
  }

  isDue(): boolean {
    return this.#runtime.monotonicMs() >= this.nextAtMs;
  }

  askNow(): void {
    this.nextAtMs = this.#runtime.monotonicMs();
  }

  /** Schedules the next round: sooner if something has ended, later if nothing has. */
  schedule(somethingEnded: boolean, isFollowed: boolean): void {
    this.#pauseMs = somethingEnded
      ? Math.max(firstPauseMs, this.#pauseMs / 2)
      : Math.min(lastPauseMs, this.#pauseMs * 1.5);
    const pauseMs = isFollowed ? followedPauseMs : this.#pauseMs;
    this.nextAtMs = this.#runtime.monotonicMs() + pauseMs * (0.75 + this.#runtime.random() / 2);
  }
}
