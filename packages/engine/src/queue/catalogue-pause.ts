import type { Clock } from '../clock.ts';
import type { Log } from '../log-events.ts';

/** Time until the first try, in milliseconds. It doubles with each failed try, up to `lastTryAfterMs`. */
const firstTryAfterMs = 1_000;
const lastTryAfterMs = 30_000;

/**
 * Keeps jobs from starting while the catalogue cannot be written, because they would read storage for nothing. One job
 * at a time tries whether it can be written again.
 */
export class CataloguePause<Run> {
  readonly #clock: Clock;
  readonly #log: Log;
  #paused: { readonly sinceMs: number; tryAtMs: number; tryAfterMs: number; trial: Run | null } | null = null;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  get mayStart(): boolean {
    const paused = this.#paused;
    return paused === null || (paused.trial === null && this.#clock.monotonicMs() >= paused.tryAtMs);
  }

  /** When the next try is due, in monotonic milliseconds; null if none is due. */
  get tryAtMs(): number | null {
    return this.#paused === null || this.#paused.trial !== null ? null : this.#paused.tryAtMs;
  }

  started(run: Run): void {
    if (this.#paused !== null) this.#paused.trial = run;
  }

  /** Lets another job try, since this one waits for storage and may take long. */
  suspended(run: Run): void {
    if (this.#paused?.trial === run) this.#paused.trial = null;
  }

  succeeded(run: Run): void {
    if (this.#paused?.trial !== run) return;
    const lastedMs = this.#clock.monotonicMs() - this.#paused.sinceMs;
    this.#paused = null;
    this.#log('catalogue.writable', 'The catalogue can be written again. Work continues.', {
      duration_ms: Math.round(lastedMs),
    });
  }

  failed(run: Run, error: Error): void {
    if (this.#paused === null) {
      this.#paused = { sinceMs: this.#clock.monotonicMs(), tryAtMs: 0, tryAfterMs: firstTryAfterMs, trial: null };
      const reason = error.message.replace(/\.$/, '');
      this.#log('catalogue.blocked', `The catalogue cannot be written (${reason}). Work waits until it can.`, {});
    } else if (this.#paused.trial === run) {
      this.#paused.trial = null;
      this.#paused.tryAfterMs = Math.min(2 * this.#paused.tryAfterMs, lastTryAfterMs);
    } else return;
    this.#paused.tryAtMs = this.#clock.monotonicMs() + this.#paused.tryAfterMs;
  }
}
