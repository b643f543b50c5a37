import { type Runtime, timerMaxMs } from '../runtime.ts';

/** Lets one loop wait until something has changed or a time has passed. */
export class Wake {
  #wake: (() => void) | null = null;

  notify(): void {
    this.#wake?.();
    this.#wake = null;
  }

  /**
   * Waits until {@link notify} is called or the time has passed; `Infinity` waits without limit. A finite wait ends
   * after {@link timerMaxMs} at the latest. Throws the signal's reason when the signal is aborted.
   */
  async wait(milliseconds: number, runtime: Runtime, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const over = new AbortController();
    const changed = new Promise<void>((resolve, reject) => {
      this.#wake = resolve;
      signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: over.signal });
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

/** Stays pending if it is cut short, since nobody waits for it any more. */
function slept(runtime: Runtime, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    runtime.sleep(milliseconds, signal).then(resolve, (error: unknown) => {
      if (!signal.aborted) reject(error);
    });
  });
}
