import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Clock } from '../clock.ts';

/** A wall clock that has moved by this much more or less than the monotonic time was set. Milliseconds. */
const toleranceMs = 1_000;

/**
 * Keeps stored times right while the wall clock is set. Deadlines and planned runs outlive the process, so they are stored
 * in wall-clock time. Whoever compares them with the present, or stores a new one, asks here for the time: a clock that was
 * set is noticed then, and what is stored follows it first. Times that only say when something happened stay as they are.
 *
 * A machine that slept looks like one whose clock was set forward. A clock that is set while no process runs is not noticed.
 */
export class StoredTimes {
  readonly #catalogue: Pick<Catalogue, 'upkeep'>;
  readonly #clock: Clock;
  /** By how much the wall clock was ahead of the monotonic time when what is stored last followed it. */
  #aheadMs: number;
  #looking: Promise<unknown> = Promise.resolve();

  constructor(catalogue: Pick<Catalogue, 'upkeep'>, clock: Clock) {
    this.#catalogue = catalogue;
    this.#clock = clock;
    this.#aheadMs = look(clock).aheadMs;
  }

  /** The wall-clock time, once what is stored has followed it. Throws what the catalogue throws. */
  nowMs(): Promise<number> {
    // One after the other: a step that is being followed must not be missed, or followed twice.
    const looked = this.#looking.then(() => this.#follow());
    this.#looking = looked.catch(() => {});
    return looked;
  }

  async #follow(): Promise<number> {
    const { nowMs, aheadMs } = look(this.#clock);
    const steppedMs = Math.round(aheadMs - this.#aheadMs);
    if (Math.abs(steppedMs) <= toleranceMs) return nowMs;
    await this.#catalogue.upkeep.followClock({ steppedMs, nowMs });
    this.#aheadMs = aheadMs;
    return nowMs;
  }
}

/**
 * Whether something is known to have happened since `sinceMs`. A time later than now was stored by a clock that was ahead,
 * and does not tell how long ago it was. All in milliseconds since 1970.
 */
export function isSince(timeMs: number, sinceMs: number, nowMs: number): boolean {
  return timeMs >= sinceMs && timeMs <= nowMs;
}

function look(clock: Clock): { readonly nowMs: number; readonly aheadMs: number } {
  const monotonicMs = clock.monotonicMs();
  const nowMs = clock.nowMs();
  return { nowMs, aheadMs: nowMs - monotonicMs };
}
