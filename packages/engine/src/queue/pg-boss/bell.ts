import type { Sleep } from '../../storage/bucket-budget.ts';

/** Wakes one waiting loop. A ring while nobody waits counts for the next wait. */
export class Bell {
  readonly #sleep: Sleep;
  #rung = Promise.withResolvers<void>();

  constructor(sleep: Sleep) {
    this.#sleep = sleep;
  }

  ring(): void {
    this.#rung.resolve();
  }

  /** Waits for a ring, at most this time in milliseconds. */
  async wait(atMostMs: number): Promise<void> {
    const timeout = new AbortController();
    const time = this.#sleep(atMostMs, timeout.signal).catch(() => {});
    await Promise.race([this.#rung.promise, time]);
    timeout.abort();
    this.#rung = Promise.withResolvers();
  }
}
