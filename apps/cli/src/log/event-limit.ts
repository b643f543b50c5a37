import { type LogEventName, limitedEntries } from '@backup-sync/engine/log-events';

const windowMs = 60_000;

/** What is limited together: the entries of an event, or those of the event with one error. */
type Limited = { readonly event: LogEventName; readonly error: string | null };

type Window = Limited & { entries: number; readonly timer: NodeJS.Timeout };

/**
 * Limits how often an event is written, so that a fault outside does not fill the log: a wrong access key fails every
 * import. The first entries of a minute are written. The number of the others is reported when the minute ends.
 */
export class EventLimit implements Disposable {
  readonly #windows = new Map<string, Window>();
  readonly #reportLeftOut: (limited: Limited, count: number) => void;

  constructor(reportLeftOut: (limited: Limited, count: number) => void) {
    this.#reportLeftOut = reportLeftOut;
  }

  /** Counts an entry. Returns whether it may be written. */
  take(limited: Limited): boolean {
    const key = JSON.stringify([limited.event, limited.error]);
    const window = this.#windows.get(key) ?? this.#open(key, limited);
    window.entries += 1;
    return window.entries <= limitedEntries;
  }

  /** Reports what the minutes that have not ended left out. */
  [Symbol.dispose](): void {
    for (const key of this.#windows.keys()) this.#end(key);
  }

  #open(key: string, limited: Limited): Window {
    const timer = setTimeout(() => this.#end(key), windowMs);
    // A process that has nothing else to do ends, and disposes this.
    timer.unref();
    const window = { ...limited, entries: 0, timer };
    this.#windows.set(key, window);
    return window;
  }

  #end(key: string): void {
    const window = this.#windows.get(key);
    if (window === undefined) return;
    clearTimeout(window.timer);
    this.#windows.delete(key);
    const leftOut = window.entries - limitedEntries;
    if (leftOut > 0) this.#reportLeftOut(window, leftOut);
  }
}
