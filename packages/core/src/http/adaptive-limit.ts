import type { Runtime } from '../runtime.ts';

const firstLimit = 16;
const highestLimit = 32;

/** A place among the calls that are under way. */
export type Place = { readonly takenAtMs: number };

/**
 * How many calls are under way at once: as many as the service bears. It rises by one with each call that goes well,
 * up to 32; once the service has asked for fewer calls, by one with each full round. Then it is halved, and nothing is
 * sent for as long as the service asked. First come, first served.
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

  /** Waits for a place, which must be left again. Throws the reason of the signal once that is aborted. */
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

  leave(): void {
    this.#underWay -= 1;
    this.#admit();
  }

  /** A call went well. */
  grow(): void {
    const step = this.#slowedAtMs === null ? 1 : 1 / this.#limit;
    this.#limit = Math.min(highestLimit, this.#limit + step);
  }

  /** The service asked for fewer calls, and for none during the next `waitMs`. */
  slowDown(place: Place, waitMs: number): void {
    const nowMs = this.#runtime.monotonicMs();
    this.#closedUntilMs = Math.max(this.#closedUntilMs, nowMs + waitMs);
    // What was sent before the last halving says nothing of the limit since.
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
