import type { Clock } from '../clock.ts';

const minuteMs = 60 * 1000;

/** Tells of a fault, and then of none for a minute: while something is away, every call meets the same. */
export function onceAMinute(clock: Clock, tell: (error: unknown) => void): (error: unknown) => void {
  let toldAtMs = Number.NEGATIVE_INFINITY;
  return (error) => {
    const nowMs = clock.nowMs();
    if (nowMs - toldAtMs < minuteMs) return;
    toldAtMs = nowMs;
    tell(error);
  };
}
