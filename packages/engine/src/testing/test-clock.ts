import type { Clock } from '../clock.ts';

/** A clock that moves only when a test moves it. The wall clock can also be set without time passing. */
export class TestClock implements Clock {
  #wallMs: number;
  /** Not zero, because caches treat zero as "not set". */
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

  /** The wall clock, in milliseconds since 1970. Raising it lets that much time pass. */
  get timeMs(): number {
    return this.#wallMs;
  }

  set timeMs(wallMs: number) {
    if (wallMs < this.#wallMs) throw new RangeError('time cannot pass backwards: use step()');
    this.#monotonicMs += wallMs - this.#wallMs;
    this.#wallMs = wallMs;
  }

  /** Sets the wall clock forward, or back for a negative number, as an administrator does. No time passes. */
  step(milliseconds: number): void {
    this.#wallMs += milliseconds;
  }
}
