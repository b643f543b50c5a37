/** Clocks, timers and randomness of a client. Tests use their own. */
export type Runtime = {
  /**
   * Wall clock, milliseconds since 1970, for dates exchanged with a service. It may be set back or forward at any time.
   */
  nowMs(): number;
  /** Monotonic clock, milliseconds since some moment of this process, for pauses, limits and deadlines. */
  monotonicMs(): number;
  /** Waits, at most {@link timerMaxMs}. Throws the signal's reason when the signal is aborted. */
  sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void>;
  /** A random number from 0 to 1, without 1. */
  random(): number;
};

/** Longest possible timer, milliseconds. Node warns about a longer or negative one and fires it immediately. */
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
