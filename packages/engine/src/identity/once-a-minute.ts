import type { Clock } from '../clock.ts';

const minuteMs = 60 * 1000;

/** Reports a fault, then none with the same message for a minute: during an outage every call meets the same fault. */
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
