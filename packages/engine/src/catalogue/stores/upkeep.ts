import { followClock } from '../steps/follow-clock.ts';
import { ping, touch } from '../steps/ping.ts';
import type { Step } from './step.ts';

/** Checks and maintenance of the database itself. */
export const upkeepSteps = {
  /**
   * Moves stored times with a wall clock that was set, so that they stay as far away as before.
   *
   * - The deadlines of operations move forward with the clock. After a step back, or at a start, they are at most 24
   *   hours away.
   * - The planned runs of sources move back with the clock, and are at most one interval away. After a step forward
   *   they run immediately. The same happens after a machine has slept, which looks the same.
   */
  followClock: { access: 'write', run: followClock },
  /** Succeeds if the catalogue can be read. */
  ping: { access: 'read', run: ping },
  /** Succeeds if the catalogue can be written. Throws `CatalogueFullError` if its disk has too little space. */
  touch: { access: 'write', run: touch },
} as const satisfies Record<string, Step>;
