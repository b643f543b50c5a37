import type { JobRun } from '../queue/port.ts';
import type { StorageUnit } from '../storage/port.ts';

/** A run of a job that nothing stops and that no other job is in the way of. */
export function openJobRun(storage: StorageUnit): JobRun {
  return {
    signal: new AbortController().signal,
    storage,
    claim: async () => {},
    withoutPlace: (wait) => wait(),
  };
}
