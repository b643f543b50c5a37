import type { Clock } from '../clock.ts';
import type { Sleep } from '../storage/bucket-budget.ts';

/** Rings once, at the earliest of the times it was set to since it last rang. */
export class Alarm implements Disposable {
  readonly #clock: Clock;
  readonly #sleep: Sleep;
  readonly #ring: () => void;
  /** The time it sleeps until, in monotonic milliseconds. */
  #set: { readonly atMs: number; readonly replaced: AbortController } | null = null;

  constructor(clock: Clock, sleep: Sleep, ring: () => void) {
    this.#clock = clock;
    this.#sleep = sleep;
    this.#ring = ring;
  }

  /** Sets the alarm to a time in monotonic milliseconds. A later time than the current one changes nothing. */
  set(atMs: number): void {
    if (this.#set !== null && this.#set.atMs <= atMs) return;
    this.#set?.replaced.abort();
    const set = { atMs, replaced: new AbortController() };
    this.#set = set;
    this.#sleep(Math.max(1, atMs - this.#clock.monotonicMs()), set.replaced.signal).then(
      () => {
        if (this.#set !== set) return;
        this.#set = null;
        this.#ring();
      },
      () => {},
    );
  }

  [Symbol.dispose](): void {
    this.#set?.replaced.abort();
    this.#set = null;
  }
}
