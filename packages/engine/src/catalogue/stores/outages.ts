import { endOutage, listOutages, saveOutage } from '../steps/outages.ts';
import type { Step } from './step.ts';

/** Buckets that do not answer, kept so that a restart goes on waiting. */
export const outageSteps = {
  /** Writes the outage of a bucket, in place of the one that is there. */
  saveOutage: { access: 'write', run: saveOutage },
  /** Removes the outage of a bucket, and lets what waited for the bucket be taken up at once. */
  endOutage: { access: 'write', run: endOutage },
  /** The buckets that do not answer. */
  listOutages: { access: 'read', run: listOutages },
} as const satisfies Record<string, Step>;
