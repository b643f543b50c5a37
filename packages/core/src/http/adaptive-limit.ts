import type { Runtime } from '../runtime.ts';

const firstLimit = 16;
const highestLimit = 32;

/** A place among the calls under way. */
export type Place = {
  /** In monotonic time. */
  readonly takenAtMs: number;
};

/**
 * Adapts the number of concurrent calls to what the service accepts. It starts at 16 and rises by one with each
 * successful call, up to 32. When the service asks for fewer calls, it is halved, and nothing is sent for as long as
 * the service asks. From then on it rises by one per full round of calls. Calls are served first come, first served.
 */
export class AdaptiveLimit {
  readonly #runtime: Runtime;
  readonly #waiting = new Set<() => void>();
  #limit = firstLimit;
  #underWay = 0;
  #closedUntilMs = 0;
  #slowedAtMs: number | null = null;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Waits for a place; call {@link leave} to release it. Throws the signal's reason when the signal is aborted. */
  async take(signal: AbortSignal | undefined): Promise<Place> {
    await this.#turn(signal);
    try {
      for (let nowMs = this.#runtime.monotonicMs(); nowMs < this.#closedUntilMs; nowMs = this.#runtime.monotonicMs()) {
        await this.#runtime.sleep(this.#closedUntilMs - nowMs, signal);
      }
    } catch (error) {
      this.leave();
      throw error;
    }
    return { takenAtMs: this.#runtime.monotonicMs() };
  }

  /** Gives a place back. */
  leave(): void {
    this.#underWay -= 1;
    this.#admit();
  }

  /** Records that a call succeeded. */
  grow(): void {
    const step = this.#slowedAtMs === null ? 1 : 1 / this.#limit;
    this.#limit = Math.min(highestLimit, this.#limit + step);
  }

  /** Records that the service asked for fewer calls, and for none during the next `waitMs`. */
  slowDown(place: Place, waitMs: number): void {
    const nowMs = this.#runtime.monotonicMs();
    this.#closedUntilMs = Math.max(this.#closedUntilMs, nowMs + waitMs);
    // A call sent before the last halving says nothing about the limit since.
    if (this.#slowedAtMs !== null && place.takenAtMs <= this.#slowedAtMs) return;
    this.#slowedAtMs = nowMs;
    this.#limit = Math.max(1, Math.floor(this.#limit / 2));
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => {
        this.#waiting.delete(enter);
        reject(signal?.reason);
      };
      const enter = () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      signal?.addEventListener('abort', stop, { once: true });
      this.#waiting.add(enter);
      this.#admit();
    });
  }

  #admit(): void {
    for (const enter of this.#waiting) {
      if (this.#underWay >= Math.floor(this.#limit)) return;
      this.#waiting.delete(enter);
      this.#underWay += 1;
      enter();
    }
  }
}
