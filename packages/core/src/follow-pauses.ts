/** First and longest pause between two polls of an operation that is followed, milliseconds. */
export const firstPauseMs = 50;
const lastPauseMs = 2_000;

/** The pause that follows one in which nothing changed. */
export function nextPauseMs(pauseMs: number): number {
  return Math.min(pauseMs * 1.5, lastPauseMs);
}
