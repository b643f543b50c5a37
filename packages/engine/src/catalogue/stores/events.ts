import { listEvents, newestCursor } from '../steps/events.ts';
import type { Step } from './step.ts';

/**
 * The transitions of all operations. Each is written in the transaction that makes it. The newest 200,000 of each
 * project are kept.
 */
export const eventSteps = {
  /** Returns the cursor of the project's newest event; 0 if there is none yet. */
  newestCursor: { access: 'read', run: newestCursor },
  /**
   * Returns a page of events after a cursor. Returns `gone` if some of them are no longer kept, or the cursor was never
   * issued: a reader that continued would miss events.
   */
  listEvents: { access: 'read', run: listEvents },
} as const satisfies Record<string, Step>;
