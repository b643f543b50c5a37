import { isOutageFailure, isServiceRefusal, type StorageError } from '../storage/port.ts';

/** Maximum number of remembered answers: some 3 MB. */
const absencesMax = 20_000;

/**
 * Remembers what was not found in the project's other buckets. The jobs of one run share it, so a run asks each bucket
 * once for each volume.
 */
export class Absences {
  readonly #places = new Set<string>();

  /** Whether nothing was found under this prefix or, with `backupId`, whether this backup was not found there. */
  has(bucketName: string, prefix: string, backupId: string | null = null): boolean {
    return this.#places.has(JSON.stringify([bucketName, prefix, backupId]));
  }

  add(bucketName: string, prefix: string, backupId: string | null = null): void {
    if (this.#places.size < absencesMax) this.#places.add(JSON.stringify([bucketName, prefix, backupId]));
  }
}

/**
 * Whether a bucket that fails with this error may still have the backup. With all others, the bucket refuses the
 * request.
 */
export function mayHide(error: StorageError): boolean {
  return isOutageFailure(error) || error.code === 'listing_too_large' || isServiceRefusal(error);
}

/**
 * Whether a bucket that fails with this error may have a parent that is gone from its recorded place. Wrong settings
 * for another bucket do not change by themselves. If they counted, a chain whose parent is gone would be called whole.
 */
export function mayHideMoved(error: StorageError): boolean {
  return mayHide(error) && !isServiceRefusal(error);
}
