import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Clock } from '../clock.ts';

/** Drift of the wall clock from the monotonic clock above which it counts as set, in milliseconds. */
const toleranceMs = 1_000;

/**
 * Keeps stored times right when the wall clock is set. Deadlines and planned runs outlive the process, so they are
 * stored in wall-clock time. Code that compares them with the present, or stores a new one, must get the time here: a
 * clock that was set is noticed then, and the stored times are moved with it first. Times that only record when
 * something happened stay unchanged.
 *
 * A machine that slept looks like one whose clock was set forward. Setting the clock while no process runs goes
 * unnoticed.
 *
 * Nodes that share a catalogue use the clock of its database. If that is set, each of them notices, so none moves the
 * stored times: they are only kept within their bounds, which may be done several times. Setting the database's clock
 * forward by hours therefore uses up the time of operations, as if these hours had passed.
 */
export class StoredTimes {
  readonly #catalogue: Pick<Catalogue, 'upkeep'>;
  readonly #clock: Clock;
  readonly #isShared: boolean;
  /** Lead of the wall clock over the monotonic clock when stored times were last moved. */
  #aheadMs: number;
  #looking: Promise<unknown> = Promise.resolve();

  constructor(catalogue: Pick<Catalogue, 'upkeep'>, clock: Clock, { isShared }: { readonly isShared: boolean }) {
    this.#catalogue = catalogue;
    this.#clock = clock;
    this.#isShared = isShared;
    this.#aheadMs = look(clock).aheadMs;
  }

  /** The wall-clock time, once stored times have been moved with it. Throws catalogue errors. */
  nowMs(): Promise<number> {
    // One call at a time: a step of the clock must not be missed, or followed twice.
    const looked = this.#looking.then(() => this.#follow());
    this.#looking = looked.catch(() => {});
    return looked;
  }

  async #follow(): Promise<number> {
    const { nowMs, aheadMs } = look(this.#clock);
    const steppedMs = Math.round(aheadMs - this.#aheadMs);
    if (Math.abs(steppedMs) <= toleranceMs) return nowMs;
    await this.#catalogue.upkeep.followClock({ steppedMs: this.#isShared ? 0 : steppedMs, nowMs });
    this.#aheadMs = aheadMs;
    return nowMs;
  }
}

/**
 * Whether something is known to have happened since `sinceMs`. A time later than now was stored by a clock that was
 * ahead, and does not show how long ago it was. All in milliseconds since 1970.
 */
export function isSince(timeMs: number, sinceMs: number, nowMs: number): boolean {
  return timeMs >= sinceMs && timeMs <= nowMs;
}

function look(clock: Clock): { readonly nowMs: number; readonly aheadMs: number } {
  const monotonicMs = clock.monotonicMs();
  const nowMs = clock.nowMs();
  return { nowMs, aheadMs: nowMs - monotonicMs };
}
