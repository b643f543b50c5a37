import { setImmediate } from 'node:timers/promises';
import { aborted, type Runtime } from '../runtime.ts';

/** A clock that is put forward by whoever sleeps: nothing takes time. Chance always comes out at a half. */
export function clockedRuntime(): Runtime & { readonly sleptMs: readonly number[]; pass(milliseconds: number): void } {
  let nowMs = Date.UTC(2026, 0, 1);
  const sleptMs: number[] = [];
  return {
    sleptMs,
    nowMs: () => nowMs,
    random: () => 0.5,
    pass(milliseconds) {
      nowMs += milliseconds;
    },
    async sleep(milliseconds, signal) {
      const untilMs = nowMs + milliseconds;
      // What is under way goes on meanwhile.
      await setImmediate();
      if (signal?.aborted) throw aborted(signal);
      sleptMs.push(milliseconds);
      nowMs = Math.max(nowMs, untilMs);
    },
  };
}
