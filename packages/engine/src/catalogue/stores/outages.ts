import { endOutage, listOutages, saveOutage } from '../steps/outages.ts';
import type { Step } from './step.ts';

/** Buckets that do not answer. They are stored so that the wait for them continues after a restart. */
export const outageSteps = {
  /** Stores the outage of a bucket, instead of the one that is stored. */
  saveOutage: { access: 'write', run: saveOutage },
  /** Removes the outage of a bucket, and makes the operations that waited for the bucket due immediately. */
  endOutage: { access: 'write', run: endOutage },
  /** Returns the outages of all buckets. */
  listOutages: { access: 'read', run: listOutages },
} as const satisfies Record<string, Step>;
