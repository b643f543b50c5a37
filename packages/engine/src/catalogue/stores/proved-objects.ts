import { findProvedObjects, keepProvedObjects, pruneProvedObjects } from '../steps/proved-objects.ts';
import type { Step } from './step.ts';

/**
 * What was proved by reading, for contents that are no parts of a volume. Backups share such objects, or they stay
 * unchanged for years, so a verification need not read them each time.
 */
export const provedObjectSteps = {
  /**
   * Returns what was proved of the objects with these keys after a time, by this check. It does not compare: an object
   * with another ETag or size is another object.
   */
  findProvedObjects: { access: 'read', run: findProvedObjects },
  /** Stores what was proved of these objects, instead of what is stored of the same bytes. */
  keepProvedObjects: { access: 'write', run: keepProvedObjects },
  /**
   * Forgets what a project proved before a time, and all but the newest `keptMax` of the rest; of those proved at the
   * same time, all or none.
   */
  pruneProvedObjects: { access: 'write', run: pruneProvedObjects },
} as const satisfies Record<string, Step>;
