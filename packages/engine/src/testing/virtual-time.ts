import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Sleep } from '../storage/bucket-budget.ts';

/** Time that passes only when all work is waiting for it. */
export class VirtualTime {
  #nowMs = 0;
  #wallAheadMs = 0;
  readonly #sleepers: { readonly wakeAtMs: number; readonly wake: () => void }[] = [];

  readonly clock: Clock = {
    nowMs: () => this.#nowMs + this.#wallAheadMs,
    monotonicMs: () => this.#nowMs,
  };

  readonly sleep: Sleep = (durationMs, signal) =>
    new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      this.#sleepers.push({ wakeAtMs: this.#nowMs + durationMs, wake: resolve });
    });

  /** Sets the wall clock forward, or back for a negative number of milliseconds. No time passes. */
  step(milliseconds: number): void {
    this.#wallAheadMs += milliseconds;
  }

  /** Lets time pass until the promise is settled. */
  async until<Result>(promise: Promise<Result>): Promise<Result> {
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    promise.then(settle, settle);
    while (!isSettled) {
      await setImmediate();
      if (isSettled) break;
      this.#sleepers.sort((one, other) => one.wakeAtMs - other.wakeAtMs);
      const next = this.#sleepers.shift();
      if (next === undefined) continue;
      this.#nowMs = Math.max(this.#nowMs, next.wakeAtMs);
      next.wake();
    }
    return await promise;
  }
}
