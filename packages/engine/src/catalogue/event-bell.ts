/** Milliseconds within which writes are told of together, so that readers do not ask for each. */
const gatherMs = 20;

/** Tells readers in this process that events may have been written. */
export class EventBell {
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | null = null;

  /** Answers how to stop listening. */
  readonly onEvents = (listener: () => void): (() => void) => {
    // Two listeners may be one function.
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
