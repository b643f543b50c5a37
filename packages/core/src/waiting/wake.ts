import { aborted, type Runtime, timerMaxMs } from '../runtime.ts';

/** Lets one loop wait until something has changed, or until a time has passed. */
export class Wake {
  #wake: (() => void) | null = null;

  notify(): void {
    this.#wake?.();
    this.#wake = null;
  }

  /**
   * Waits, for ever where `milliseconds` are infinite. A wait longer than {@link timerMaxMs} ends after that time. Throws
   * `aborted` by the signal.
   */
  async wait(milliseconds: number, runtime: Runtime, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw aborted(signal);
    const over = new AbortController();
    const changed = new Promise<void>((resolve, reject) => {
      this.#wake = resolve;
      signal.addEventListener('abort', () => reject(aborted(signal)), { once: true, signal: over.signal });
    });
    try {
      await (milliseconds === Number.POSITIVE_INFINITY
        ? changed
        : // The time may have passed since it was computed.
          Promise.race([changed, slept(runtime, Math.min(Math.max(0, milliseconds), timerMaxMs), over.signal)]));
    } finally {
      over.abort();
    }
  }
}

/** Never fulfilled where it is cut short: nobody waits for it then. */
function slept(runtime: Runtime, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    runtime.sleep(milliseconds, signal).then(resolve, (error: unknown) => {
      if (!signal.aborted) reject(error);
    });
  });
}
