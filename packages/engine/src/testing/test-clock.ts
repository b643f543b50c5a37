import type { Clock } from '../clock.ts';

/** A clock that stands still until a test moves it. Time can pass, and the wall clock can be set without time passing. */
export class TestClock implements Clock {
  #wallMs: number;
  /** Not zero: caches take zero for "not set". */
  #monotonicMs = 1000;

  /** `wallMs`: milliseconds since 1970, UTC. */
  constructor(wallMs = Date.UTC(2026, 10, 23)) {
    this.#wallMs = wallMs;
  }

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** The wall clock, in milliseconds since 1970. To raise it is to let that much time pass. */
  get timeMs(): number {
    return this.#wallMs;
  }

  set timeMs(wallMs: number) {
    if (wallMs < this.#wallMs) throw new RangeError('Time does not pass backwards: use step().');
    this.#monotonicMs += wallMs - this.#wallMs;
    this.#wallMs = wallMs;
  }

  /** Sets the wall clock forward, or back by a negative number of milliseconds, as an administrator does. No time passes. */
  step(milliseconds: number): void {
    this.#wallMs += milliseconds;
  }
}
