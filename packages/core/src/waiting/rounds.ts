import type { Runtime } from '../runtime.ts';

/** Milliseconds between two rounds: at first, and at last; and where a stream tells of what ends. */
const firstPauseMs = 50;
const lastPauseMs = 5_000;
const followedPauseMs = 30_000;
/** A stream is given so long to open before the first round: opened, it begins one. */
const openingMs = 500;

/** When to ask for all operations again. */
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

  /** After a round: the next comes sooner where something ended, and later where nothing did. */
  schedule(somethingEnded: boolean, isFollowed: boolean): void {
    this.#pauseMs = somethingEnded
      ? Math.max(firstPauseMs, this.#pauseMs / 2)
      : Math.min(lastPauseMs, this.#pauseMs * 1.5);
    const pauseMs = isFollowed ? followedPauseMs : this.#pauseMs;
    this.nextAtMs = this.#runtime.monotonicMs() + pauseMs * (0.75 + this.#runtime.random() / 2);
  }
}
