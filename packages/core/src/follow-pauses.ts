/** Milliseconds between two questions about an operation that is followed: at first, and at last. */
export const firstPauseMs = 50;
const lastPauseMs = 2_000;

/** The pause after one in which nothing came. */
export function nextPauseMs(pauseMs: number): number {
  return Math.min(pauseMs * 1.5, lastPauseMs);
}
