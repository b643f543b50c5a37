import { setTimeout } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Clock } from '../clock.ts';

/** What may be asked of one bucket. */
export type BudgetLimits = {
  readonly requestsPerSecond: number;
  /** Requests that wait for their answer at the same time. */
  readonly requestsInFlight: number;
};

/** Waits; throws the signal's reason where it is aborted meanwhile. */
export type Sleep = (durationMs: number, signal: AbortSignal | undefined) => Promise<void>;

export const systemSleep: Sleep = async (durationMs, signal) => {
  try {
    await setTimeout(durationMs, undefined, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
};

/** Requests that may be made at once after a pause in asking, as a part of a second's. */
const burstMs = 100;
const secondMs = 1000;
/** How slow a bucket may become: one request in ten seconds. */
const slowestPerSecond = 0.1;
/** Where a service does not say how long it wants peace: at first, and at most. */
const firstPauseMs = 1000;
const pauseMsMax = 5 * 60 * 1000;
/** Each answer after a slowdown gives back this part of the full rate. */
const recoveryPart = 0.01;

/**
 * The requests to one bucket, of all who share it: paced, limited in number, and slowed down while the service asks
 * for it. A slowdown halves the rate; each answer after it gives some of it back.
 */
export class BucketBudget {
  readonly #limits: BudgetLimits;
  readonly #clock: Clock;
  readonly #sleep: Sleep;
  readonly #inFlight: ReturnType<typeof pLimit>;
  #perSecond: number;
  /** When the next request is due, in monotonic time. */
  #nextAtMs = 0;
  #pausedUntilMs = 0;
  #slowdownsInARow = 0;

  constructor(limits: BudgetLimits, clock: Clock, sleep: Sleep) {
    this.#limits = limits;
    this.#clock = clock;
    this.#sleep = sleep;
    this.#inFlight = pLimit(limits.requestsInFlight);
    this.#perSecond = limits.requestsPerSecond;
  }

  /** Makes a request when it is its turn. Throws what it throws, and the reason of a signal that ends the waiting. */
  async run<Answer>(request: () => Promise<Answer>, signal: AbortSignal | undefined): Promise<Answer> {
    return await this.#inFlight(async () => {
      await this.#waitForTurn(signal);
      const answer = await request();
      this.#slowdownsInARow = 0;
      const { requestsPerSecond } = this.#limits;
      this.#perSecond = Math.min(requestsPerSecond, this.#perSecond + requestsPerSecond * recoveryPart);
      return answer;
    });
  }

  /** The service wants fewer requests: nobody asks it anything for as long as it says. */
  slowDown(retryAfterMs: number | null): void {
    const nowMs = this.#clock.monotonicMs();
    // Requests that were under way together are refused together: that is one wish, not many.
    const isKnown = nowMs < this.#pausedUntilMs;
    const pauseMs = retryAfterMs ?? (isKnown ? 0 : firstPauseMs * 2 ** this.#slowdownsInARow);
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + Math.min(pauseMs, pauseMsMax));
    if (isKnown) return;
    this.#slowdownsInARow += 1;
    this.#perSecond = Math.max(slowestPerSecond, this.#perSecond / 2);
  }

  async #waitForTurn(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const nowMs = this.#clock.monotonicMs();
    const atMs = Math.max(this.#nextAtMs, nowMs - burstMs);
    this.#nextAtMs = atMs + secondMs / this.#perSecond;
    if (atMs > nowMs) await this.#sleep(atMs - nowMs, signal);
    // A slowdown may have come, or grown longer, while this one waited.
    for (let leftMs = this.#leftMs(); leftMs > 0; leftMs = this.#leftMs()) await this.#sleep(leftMs, signal);
  }

  #leftMs(): number {
    return this.#pausedUntilMs - this.#clock.monotonicMs();
  }
}
