import { followClock } from '../steps/follow-clock.ts';
import { ping, touch } from '../steps/ping.ts';
import type { Step } from './step.ts';

/** The database itself. */
export const upkeepSteps = {
  /**
   * Makes stored times follow a wall clock that was set, so that they are as far away as before. The deadlines of
   * operations move forward with it; after a step back, or at a start, they are at most 24 hours away. The planned runs
   * of sources move back with it, and are at most one interval away; after a step forward they run at once: so they do
   * after a machine has slept, which looks the same.
   */
  followClock: { access: 'write', run: followClock },
  /** Answers when the catalogue can be read. */
  ping: { access: 'read', run: ping },
  /** Answers when the catalogue can be written. Throws `CatalogueFullError` if its disk has too little space. */
  touch: { access: 'write', run: touch },
} as const satisfies Record<string, Step>;
