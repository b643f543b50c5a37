import { setImmediate } from 'node:timers/promises';
import type { Runtime } from '../runtime.ts';

/** A runtime for tests. */
export type ClockedRuntime = Runtime & {
  /** Every sleep so far, in order. */
  readonly sleptMs: readonly number[];
  /** Advances both clocks. */
  pass(milliseconds: number): void;
  /** Sets the wall clock forward, or back if negative. No time passes. */
  step(milliseconds: number): void;
};

/** Creates a runtime in which a sleep only advances the clock, and `random` is always a half. */
export function clockedRuntime(): ClockedRuntime {
  let nowMs = 1000;
  let startedAtMs = Date.UTC(2026, 0, 1);
  const sleptMs: number[] = [];
  return {
    sleptMs,
    nowMs: () => startedAtMs + nowMs,
    monotonicMs: () => nowMs,
    random: () => 0.5,
    pass(milliseconds) {
      nowMs += milliseconds;
    },
    step(milliseconds) {
      startedAtMs += milliseconds;
    },
    async sleep(milliseconds, signal) {
      const untilMs = nowMs + milliseconds;
      // Let other work continue in the meantime.
      await setImmediate();
      signal?.throwIfAborted();
      sleptMs.push(milliseconds);
      nowMs = Math.max(nowMs, untilMs);
    },
  };
}
