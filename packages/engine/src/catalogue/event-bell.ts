/** Milliseconds during which writes are collected into one call, so that readers do not query after each write. */
const gatherMs = 20;

/** Interval at which readers look for events that other processes have written, in milliseconds. */
const ringEveryMs = 1_000;

/** Notifies readers in this process that events may have been written. */
export class EventBell {
  readonly #othersWrite: boolean;
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | null = null;
  #ringing: NodeJS.Timeout | undefined;

  /** `othersWrite`: whether other processes write events of which this one may hear nothing. */
  constructor(options: { readonly othersWrite: boolean }) {
    this.#othersWrite = options.othersWrite;
  }

  /** Adds a listener and returns a function that removes it. */
  readonly onEvents = (listener: () => void): (() => void) => {
    // The same function may be added twice, and then counts as two listeners.
    const own = () => listener();
    this.#listeners.add(own);
    // Keeps the process alive, because a process that only reads may do nothing else.
    if (this.#othersWrite) this.#ringing ??= setInterval(() => this.ring(), ringEveryMs);
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#ringing);
      this.#ringing = undefined;
    };
  };

  ring(): void {
    if (this.#timer !== null || this.#listeners.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      for (const listener of this.#listeners) listener();
    }, gatherMs);
  }
}
