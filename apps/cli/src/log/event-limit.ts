import { type LogEventName, limitedEntries } from '@backup-sync/engine/log-events';

const windowMs = 60_000;

type Window = { readonly beganMs: number; entries: number; leftOut: number };

/**
 * Limits how often an event is written, so that a fault outside does not fill the log: a wrong access key fails every
 * import. The first entries of a minute are written; the number of the others is reported later.
 */
export class EventLimit {
  readonly #windows = new Map<LogEventName, Window>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Counts an event. `leftOut` is the number of entries that the window before has left out. */
  take(event: LogEventName): { readonly isAllowed: boolean; readonly leftOut: number } {
    const nowMs = this.#nowMs();
    let window = this.#windows.get(event);
    let leftOut = 0;
    if (window === undefined || nowMs - window.beganMs >= windowMs) {
      leftOut = window?.leftOut ?? 0;
      window = { beganMs: nowMs, entries: 0, leftOut: 0 };
      this.#windows.set(event, window);
    }
    const isAllowed = window.entries < limitedEntries;
    if (isAllowed) window.entries += 1;
    else window.leftOut += 1;
    return { isAllowed, leftOut };
  }

  /** The events with entries that were left out and not reported yet. */
  takeAll(): readonly (readonly [LogEventName, number])[] {
    const open = [...this.#windows].map(([event, { leftOut }]) => [event, leftOut] as const);
    this.#windows.clear();
    return open.filter(([, leftOut]) => leftOut > 0);
  }
}
