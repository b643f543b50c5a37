import { aborted, type Runtime } from '../runtime.ts';

/** Lets one loop wait until something has changed, or until a time has passed. */
export class Wake {
  #wake: (() => void) | null = null;

  notify(): void {
    this.#wake?.();
    this.#wake = null;
  }

  /** Waits, for ever where `milliseconds` are infinite. Throws `aborted` by the signal. */
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
        : Promise.race([changed, slept(runtime, milliseconds, over.signal)]));
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
