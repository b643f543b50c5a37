import { imagePathProblem } from '@backup-sync/contracts';
import { printable } from '../quote.ts';
import { StorageError } from './port.ts';

/** Names a bucket in messages. */
export function describeBucket(bucket: string): string {
  return `bucket ${printable(JSON.stringify(bucket))}`;
}

/** Names an object in messages. */
export function describeObject(bucket: string, key: string): string {
  return `${printable(JSON.stringify(key))} in ${describeBucket(bucket)}`;
}

/** Throws `access_denied` if the name could mean anything but one bucket of this storage unit. */
export function refuseUnsafeBucket(bucket: string): void {
  const problem = bucket.includes('/') ? 'has a "/"; a bucket is a single name' : imagePathProblem(bucket);
  if (problem !== undefined) throw new StorageError('access_denied', `${describeBucket(bucket)}: the name ${problem}`);
}

/**
 * Throws `access_denied` if the key could lead out of its bucket. The interfaces already refuse such image paths; other
 * keys come from metadata, which anyone may have written.
 */
export function refuseUnsafeKey(bucket: string, key: string): void {
  refuseUnsafeBucket(bucket);
  const problem = imagePathProblem(key);
  if (problem !== undefined) {
    throw new StorageError('access_denied', `${describeObject(bucket, key)}: the key ${problem}`);
  }
}
