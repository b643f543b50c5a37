import { setImmediate } from 'node:timers/promises';
import type { Runtime } from '../runtime.ts';

/** A runtime for tests. */
export type ClockedRuntime = Runtime & {
  readonly sleptMs: readonly number[];
  /** Lets time pass. */
  pass(milliseconds: number): void;
  /** Sets the wall clock forward, or back by a negative number of milliseconds. No time passes. */
  step(milliseconds: number): void;
};

/** A clock that is put forward by whoever sleeps: nothing takes time. Chance always comes out at a half. */
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
      // What is under way goes on meanwhile.
      await setImmediate();
      signal?.throwIfAborted();
      sleptMs.push(milliseconds);
      nowMs = Math.max(nowMs, untilMs);
    },
  };
}
