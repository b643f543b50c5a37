import { isServiceRefusal, type StorageError } from '../storage/port.ts';

/** Most answers that are remembered: some 3 MB. */
const absencesMax = 20_000;

/**
 * What was looked for in the project's other buckets and not found. The jobs of one run share it, so that a run asks
 * each bucket once for each volume.
 */
export class Absences {
  readonly #places = new Set<string>();

  /** Whether nothing was found under this prefix; with `backupId`, whether this backup was not found there. */
  has(bucketName: string, prefix: string, backupId: string | null = null): boolean {
    return this.#places.has(JSON.stringify([bucketName, prefix, backupId]));
  }

  add(bucketName: string, prefix: string, backupId: string | null = null): void {
    if (this.#places.size < absencesMax) this.#places.add(JSON.stringify([bucketName, prefix, backupId]));
  }
}

/** Whether a bucket that fails so may still have what was looked for, as far as is known. All others refuse to be asked. */
export function mayHide(error: StorageError): boolean {
  const { code } = error;
  return code === 'throttled' || code === 'unreachable' || code === 'listing_too_large' || isServiceRefusal(error);
}

/**
 * Whether it may have a parent that is recorded, and is not where it is recorded. Settings that are wrong for another
 * bucket do not pass by themselves: what is gone would be called whole as long as they stay.
 */
export function mayHideMoved(error: StorageError): boolean {
  return mayHide(error) && !isServiceRefusal(error);
}
