/** What a client needs of the world beside HTTP; tests bring their own. */
export type Runtime = {
  /** Milliseconds since 1970, UTC: for dates that a service reads or writes. It may be set back or forward at any moment. */
  nowMs(): number;
  /** Milliseconds since some moment of this process, never fewer than before: for pauses, limits and deadlines. */
  monotonicMs(): number;
  /** Waits, no longer than {@link timerMaxMs}. Throws the reason of the signal once that is aborted. */
  sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void>;
  /** From 0 up to 1. */
  random(): number;
};

/** The longest that a timer can be set to. Node warns of a longer one, or of a negative one, and fires it at once. */
export const timerMaxMs = 2 ** 31 - 1;

export const systemRuntime: Runtime = {
  nowMs: Date.now,
  monotonicMs: () => performance.now(),
  sleep,
  random: Math.random,
};

function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      },
      Math.min(Math.max(0, milliseconds), timerMaxMs),
    );
    signal?.addEventListener('abort', stop, { once: true });
  });
}
