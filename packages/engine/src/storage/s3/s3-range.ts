import type { GetObjectCommandInput, GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { changedWhileRead } from '../bound-range.ts';
import { type BoundRange, StorageError } from '../port.ts';
import { statusOf } from './s3-error.ts';
import { plainEtag } from './s3-listing.ts';

/** HTTP's ranges include their last byte. Parts by number are no substitute: Ceph gives each an ETag of its own. */
export function rangeHeaders({ start, end, of }: BoundRange): Pick<GetObjectCommandInput, 'Range' | 'IfMatch'> {
  return { Range: `bytes=${start}-${end - 1}`, IfMatch: `"${of.tag}"` };
}

/**
 * Whether the service says that the version of a range is gone: the ETag does not match (412), or a range that was in it
 * is beyond the end (416), which MinIO looks at first.
 */
export function isOfAnotherVersion(error: unknown): boolean {
  return [412, 416].includes(statusOf(error) ?? 0);
}

/**
 * Throws unless the answer is that range of that version: `changed_while_read` if it is of another version, as from a
 * service that ignores `If-Match`; `storage_not_implemented` if it is another range, or, with status 200, all of the
 * object, as from a service that ignores `Range`.
 */
export function confirmRange(answer: GetObjectCommandOutput, { start, end, of }: BoundRange, subject: string): void {
  const refuse = (what: string) =>
    new StorageError('storage_not_implemented', `${subject}: the service does not answer ranges as S3 does: ${what}`);
  const etag = plainEtag(answer.ETag);
  if (etag === null) throw refuse('its answer has no ETag');
  // Some write the same ETag in other letters in a listing.
  if (etag.replace(/^W\//, '').toLowerCase() !== of.tag.toLowerCase()) throw changedWhileRead(subject);
  // As by a proxy that compresses what it passes on: nothing has changed, and the bytes may still be others.
  if (etag.startsWith('W/')) throw refuse('its answer has a weak ETag');
  const { httpStatusCode: status } = answer.$metadata;
  if (status !== 206) throw refuse(`its answer is HTTP ${status}`);
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+)$/i.exec(answer.ContentRange ?? '') ?? [];
  if (size === undefined) throw refuse('its answer does not say which range it is');
  if (Number(size) !== of.size) throw changedWhileRead(subject);
  if (Number(first) !== start || Number(last) !== end - 1 || answer.ContentLength !== end - start) {
    throw refuse('its answer is another range');
  }
}
