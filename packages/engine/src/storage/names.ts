import { imagePathProblem } from '@backup-sync/contracts';
import { StorageError } from './port.ts';

/** How messages name a bucket, or an object in it. */
export function describeBucket(bucket: string): string {
  return `bucket ${JSON.stringify(bucket)}`;
}

export function describeObject(bucket: string, key: string): string {
  return `${JSON.stringify(key)} in ${describeBucket(bucket)}`;
}

/** Throws `access_denied` where the name could be read as something other than one bucket of this storage unit. */
export function refuseUnsafeBucket(bucket: string): void {
  const problem = bucket.includes('/') ? 'has a "/"; a bucket is a single name' : imagePathProblem(bucket);
  if (problem !== undefined) throw new StorageError('access_denied', `${describeBucket(bucket)}: the name ${problem}`);
}

/**
 * Throws `access_denied` where the key could be read as leading out of its bucket. The door refuses such image paths
 * already; other keys come from metadata, which anyone may have written.
 */
export function refuseUnsafeKey(bucket: string, key: string): void {
  refuseUnsafeBucket(bucket);
  const problem = imagePathProblem(key);
  if (problem !== undefined) {
    throw new StorageError('access_denied', `${describeObject(bucket, key)}: the key ${problem}`);
  }
}
