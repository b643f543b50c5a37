import { listEvents, newestCursor } from '../steps/events.ts';
import type { Step } from './step.ts';

/**
 * The transitions of all operations, written in the same transaction as each transition. The newest 200,000 of each
 * project are kept.
 */
export const eventSteps = {
  /** That of the project's newest event, 0 where there is none yet. */
  newestCursor: { access: 'read', run: newestCursor },
  /**
   * Answers `gone` where some events behind the cursor are no longer kept, or the cursor is none that was given out: a
   * reader who went on would miss some.
   */
  listEvents: { access: 'read', run: listEvents },
} as const satisfies Record<string, Step>;
