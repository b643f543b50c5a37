/** Milliseconds during which writes are collected into one call, so that readers do not query after each write. */
const gatherMs = 20;

/** Notifies readers in this process that events may have been written. */
export class EventBell {
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | null = null;

  /** Adds a listener and returns a function that removes it. */
  readonly onEvents = (listener: () => void): (() => void) => {
    // The same function may be added twice, and then counts as two listeners.
    const own = () => listener();
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  };

  ring(): void {
    if (this.#timer !== null || this.#listeners.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      for (const listener of this.#listeners) listener();
    }, gatherMs);
  }
}
