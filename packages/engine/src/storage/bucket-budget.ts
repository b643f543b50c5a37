import { setTimeout } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Clock } from '../clock.ts';

/** Limits on the requests to one bucket. */
export type BudgetLimits = {
  readonly requestsPerSecond: number;
  /** Requests that may wait for an answer at the same time. */
  readonly requestsInFlight: number;
};

/** Waits. Throws the signal's reason if the signal is aborted meanwhile. */
export type Sleep = (durationMs: number, signal: AbortSignal | undefined) => Promise<void>;

export const systemSleep: Sleep = async (durationMs, signal) => {
  try {
    await setTimeout(durationMs, undefined, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
};

/** Decides when each request to one bucket is made. */
export interface RequestBudget {
  /** Makes a request when it is its turn. Throws the error of the request, or the signal's reason while it waits. */
  run<Answer>(request: () => Promise<Answer>, signal: AbortSignal | undefined): Promise<Answer>;
  /** Slows down because the service wants fewer requests: no request is made for as long as it says. */
  slowDown(retryAfterMs: number | null): void;
}

/** After a pause, as many requests may start at once as the rate allows in this time. */
export const burstMs = 100;
const secondMs = 1000;
/** Lowest rate after slowdowns: one request in ten seconds. */
export const slowestPerSecond = 0.1;
/** First pause if a service does not say how long to wait, and longest pause in any case. */
export const firstPauseMs = 1000;
export const pauseMsMax = 5 * 60 * 1000;
/** Share of the full rate that each answer after a slowdown restores. */
export const recoveryPart = 0.01;

/**
 * Limits the rate and the number of requests to one bucket, for everyone in this process. If the service asks for fewer
 * requests, the rate is halved; each answer after that restores part of it.
 */
export class BucketBudget implements RequestBudget {
  readonly #limits: BudgetLimits;
  readonly #clock: Clock;
  readonly #sleep: Sleep;
  readonly #inFlight: ReturnType<typeof pLimit>;
  #perSecond: number;
  /** Monotonic time at which the next request is due. */
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

  slowDown(retryAfterMs: number | null): void {
    const nowMs = this.#clock.monotonicMs();
    // Requests in flight together are refused together, which counts as one slowdown.
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
    // A pause may have begun, or become longer, while this request waited.
    for (let leftMs = this.#leftMs(); leftMs > 0; leftMs = this.#leftMs()) await this.#sleep(leftMs, signal);
  }

  #leftMs(): number {
    return this.#pausedUntilMs - this.#clock.monotonicMs();
  }
}
