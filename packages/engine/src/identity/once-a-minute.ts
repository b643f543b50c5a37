import type { Clock } from '../clock.ts';

const minuteMs = 60 * 1000;

/** Tells of a fault, and then of none with its message for a minute: while something is away, every call meets the same. */
export function onceAMinute(clock: Clock, tell: (error: unknown) => void): (error: unknown) => void {
  const toldAtMs = new Map<string, number>();
  return (error) => {
    const nowMs = clock.monotonicMs();
    for (const [message, atMs] of toldAtMs) if (nowMs - atMs >= minuteMs) toldAtMs.delete(message);
    const message = error instanceof Error ? error.message : String(error);
    if (toldAtMs.has(message)) return;
    toldAtMs.set(message, nowMs);
    tell(error);
  };
}
