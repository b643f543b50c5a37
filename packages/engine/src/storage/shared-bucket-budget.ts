import pLimit from 'p-limit';
import type { Clock } from '../clock.ts';
import {
  BucketBudget,
  type BudgetLimits,
  burstMs,
  firstPauseMs,
  pauseMsMax,
  type RequestBudget,
  type Sleep,
} from './bucket-budget.ts';

export type BucketPlace = { readonly storageUnitId: string; readonly bucketName: string };

/** The turns of some requests, one after the other at the current rate of the bucket. */
export type ReservedTurns = {
  /** Milliseconds until any node may make requests. If it is greater than zero, no turn was reserved. */
  readonly pausedForMs: number;
  /** Time of the first turn by the clock of the store, and the time of that clock when it answered. Milliseconds. */
  readonly startsAtMs: number;
  readonly nowMs: number;
  /** The rate of the bucket, for all nodes together. */
  readonly requestsPerSecond: number;
};

/** The budgets of buckets that all nodes share. Each method throws if it cannot be reached. */
export interface BudgetStore {
  /**
   * Reserves turns. `requestsPerSecond` is the full rate of the bucket. Each answer since the last reservation of this
   * node restores part of the rate.
   */
  reserve(
    bucket: BucketPlace,
    asked: { readonly turns: number; readonly answers: number; readonly requestsPerSecond: number },
  ): Promise<ReservedTurns>;
  /** Halves the rate and pauses all nodes. Returns the milliseconds until the pause ends. */
  slowDown(
    bucket: BucketPlace,
    asked: { readonly retryAfterMs: number | null; readonly requestsPerSecond: number },
  ): Promise<number>;
}

export type SharedBudgetOptions = {
  readonly store: BudgetStore;
  /** Returns the number of nodes that make requests, this one included. */
  readonly liveNodes: () => number;
  readonly clock: Clock;
  readonly sleep: Sleep;
};

/** Turns are reserved for this time, so that a node asks about ten times a second for one bucket. Milliseconds. */
const reservedMs = 100;
/** More turns are reserved this long before the last one is due, so that the answer comes in time. Milliseconds. */
const aheadMs = 50;
/** Number of answers from which the offset of the store's clock is found. */
const offsetsKept = 16;
/** Time from a reservation that failed to the next attempt, in milliseconds. */
const tryAgainMs = 1_000;

/** Reserved turns that are not used yet. Monotonic times in milliseconds. */
type Turns = { nextAtMs: number; left: number; readonly intervalMs: number };

/**
 * Limits the rate and the number of requests to one bucket over all nodes.
 *
 * The rate holds strictly: each request has a turn that no other node has. A turn may be used a tenth of a second late;
 * after that it is lost. Every node reserves as many turns as it used in the last tenth of a second, or as many as wait.
 * A slowdown stops all nodes: each learns of it with its next reservation.
 *
 * Requests in flight are not counted together: every node gets an equal part of the limit, but at least one request. If
 * the store cannot be reached, every node continues with an equal part of the rate.
 */
export class SharedBucketBudget implements RequestBudget {
  readonly #bucket: BucketPlace;
  readonly #limits: BudgetLimits;
  readonly #options: SharedBudgetOptions;
  readonly #inFlight: ReturnType<typeof pLimit>;
  #requestsPerSecond: number;
  #turns: Turns = { nextAtMs: 0, left: 0, intervalMs: 0 };
  /** When requests of the last tenth of a second got their turns. */
  #takenAtMs: number[] = [];
  #waiting = 0;
  #answers = 0;
  /** Milliseconds from the store's clock to the monotonic one, each too large by the way of one answer. */
  #offsetsMs: readonly number[] = [];
  #pausedUntilMs = 0;
  #reserving: Promise<void> | undefined;
  /** The part of the rate for this node while the store cannot be reached. */
  #alone: BucketBudget | null = null;
  #tryAgainAtMs = 0;

  constructor(bucket: BucketPlace, limits: BudgetLimits, options: SharedBudgetOptions) {
    this.#bucket = bucket;
    this.#limits = limits;
    this.#options = options;
    this.#inFlight = pLimit(limits.requestsInFlight);
    this.#requestsPerSecond = limits.requestsPerSecond;
  }

  async run<Answer>(request: () => Promise<Answer>, signal: AbortSignal | undefined): Promise<Answer> {
    const most = Math.max(1, Math.floor(this.#limits.requestsInFlight / this.#nodes()));
    if (this.#inFlight.concurrency !== most) this.#inFlight.concurrency = most;
    return await this.#inFlight(async () => {
      const alone = await this.#waitForTurn(signal);
      const answer = await (alone === null ? request() : alone.run(request, signal));
      this.#answers += 1;
      return answer;
    });
  }

  slowDown(retryAfterMs: number | null): void {
    this.#alone?.slowDown(retryAfterMs);
    // Requests in flight together are refused together. Only the first begins a pause, unless they say how long.
    const isKnown = this.#pauseLeftMs() > 0;
    if (retryAfterMs !== null || !isKnown) this.#pauseFor(Math.min(retryAfterMs ?? firstPauseMs, pauseMsMax));
    const { requestsPerSecond } = this.#limits;
    this.#options.store.slowDown(this.#bucket, { retryAfterMs, requestsPerSecond }).then(
      (pausedForMs) => this.#pauseFor(pausedForMs),
      () => this.#goAlone(),
    );
  }

  /** Waits until a request may be made. Returns the budget of this node if the store cannot be reached, else null. */
  async #waitForTurn(signal: AbortSignal | undefined): Promise<BucketBudget | null> {
    const { clock, sleep } = this.#options;
    while (true) {
      signal?.throwIfAborted();
      for (let leftMs = this.#pauseLeftMs(); leftMs > 0; leftMs = this.#pauseLeftMs()) await sleep(leftMs, signal);
      if (this.#alone !== null) {
        if (clock.monotonicMs() >= this.#tryAgainAtMs) void this.#reserve();
        return this.#alone;
      }
      const atMs = await this.#takeTurn(signal);
      if (atMs === null) continue;
      const nowMs = clock.monotonicMs();
      if (atMs > nowMs) await sleep(atMs - nowMs, signal);
      // If a pause has begun meanwhile, the turn is lost.
      if (this.#pauseLeftMs() <= 0) return null;
    }
  }

  /** Returns the time of a turn, or null once there may be turns again. */
  async #takeTurn(signal: AbortSignal | undefined): Promise<number | null> {
    const { clock, sleep } = this.#options;
    const nowMs = clock.monotonicMs();
    const turns = this.#turns;
    const lost = Math.min(turns.left, Math.ceil((nowMs - burstMs - turns.nextAtMs) / turns.intervalMs));
    if (lost > 0) {
      turns.left -= lost;
      turns.nextAtMs += lost * turns.intervalMs;
    }
    if (turns.left > 0) {
      const atMs = turns.nextAtMs;
      turns.left -= 1;
      turns.nextAtMs += turns.intervalMs;
      this.#takenAtMs.push(nowMs);
      return atMs;
    }
    this.#waiting += 1;
    try {
      const earlyMs = turns.nextAtMs - aheadMs - nowMs;
      if (earlyMs > 0) await sleep(earlyMs, signal);
      // Another request may have reserved turns meanwhile.
      if (this.#turns.left === 0) await this.#reserve();
    } finally {
      this.#waiting -= 1;
    }
    return null;
  }

  /** Reserves turns, once for all requests that wait. Never rejects. */
  #reserve(): Promise<void> {
    this.#reserving ??= this.#reserveNow().finally(() => {
      this.#reserving = undefined;
    });
    return this.#reserving;
  }

  async #reserveNow(): Promise<void> {
    const { clock, store } = this.#options;
    const sinceMs = clock.monotonicMs() - reservedMs;
    this.#takenAtMs = this.#takenAtMs.filter((atMs) => atMs > sinceMs);
    const most = Math.max(1, Math.floor((this.#requestsPerSecond * reservedMs) / 1000 / this.#nodes()));
    const turns = Math.min(most, Math.max(1, this.#waiting, this.#takenAtMs.length));
    const answers = this.#answers;
    this.#answers = 0;
    const { requestsPerSecond } = this.#limits;
    try {
      const reserved = await store.reserve(this.#bucket, { turns, answers, requestsPerSecond });
      this.#alone = null;
      this.#requestsPerSecond = reserved.requestsPerSecond;
      if (reserved.pausedForMs > 0) {
        this.#pauseFor(reserved.pausedForMs);
        return;
      }
      const nextAtMs = reserved.startsAtMs + this.#offsetMs(reserved.nowMs);
      this.#turns = { nextAtMs, left: turns, intervalMs: 1000 / reserved.requestsPerSecond };
    } catch {
      this.#goAlone();
    }
  }

  /**
   * The offset of the store's clock. The answer that came fastest is the most exact. With the offset of each answer by
   * itself, the turns of a late one would meet those of the next.
   */
  #offsetMs(storeNowMs: number): number {
    this.#offsetsMs = [...this.#offsetsMs, this.#options.clock.monotonicMs() - storeNowMs].slice(-offsetsKept);
    return Math.min(...this.#offsetsMs);
  }

  #goAlone(): void {
    const { clock, sleep } = this.#options;
    this.#tryAgainAtMs = clock.monotonicMs() + tryAgainMs;
    const requestsPerSecond = this.#requestsPerSecond / this.#nodes();
    this.#alone ??= new BucketBudget({ ...this.#limits, requestsPerSecond }, clock, sleep);
  }

  #pauseFor(durationMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#options.clock.monotonicMs() + durationMs);
    // They answer requests from before the pause, so they do not show that the bucket has recovered.
    this.#answers = 0;
  }

  #pauseLeftMs(): number {
    return this.#pausedUntilMs - this.#options.clock.monotonicMs();
  }

  #nodes(): number {
    return Math.max(1, this.#options.liveNodes());
  }
}
