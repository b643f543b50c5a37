import type { GetObjectCommandInput, GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { changedWhileRead } from '../bound-range.ts';
import { type BoundRange, StorageError } from '../port.ts';
import { statusOf } from './s3-error.ts';
import { plainEtag } from './s3-listing.ts';

/**
 * Headers for one range of one version. HTTP ranges include their last byte. Numbered parts cannot replace them: Ceph
 * gives each part its own ETag.
 */
export function rangeHeaders({ start, end, of }: BoundRange): Pick<GetObjectCommandInput, 'Range' | 'IfMatch'> {
  return { Range: `bytes=${start}-${end - 1}`, IfMatch: `"${of.tag}"` };
}

/**
 * Whether the service says that the version of a range is gone: the ETag does not match (412), or the range is now
 * beyond the end (416), which MinIO checks first.
 */
export function isOfAnotherVersion(error: unknown): boolean {
  return [412, 416].includes(statusOf(error) ?? 0);
}

/**
 * Throws unless the answer is this range of this version.
 *
 * - `changed_while_read`: another version, for example from a service that ignores `If-Match`;
 * - `storage_not_implemented`: another range, or the whole object (status 200) from a service that ignores `Range`.
 */
export function confirmRange(answer: GetObjectCommandOutput, { start, end, of }: BoundRange, subject: string): void {
  const refuse = (what: string) =>
    new StorageError('storage_not_implemented', `${subject}: the service does not serve ranges as S3 does: ${what}`);
  const etag = plainEtag(answer.ETag);
  if (etag === null) throw refuse('the answer has no ETag');
  // Some services write the same ETag in another case in a listing.
  if (etag.replace(/^W\//, '').toLowerCase() !== of.tag.toLowerCase()) throw changedWhileRead(subject);
  // For example from a proxy that compresses: the object has not changed, but the bytes may differ.
  if (etag.startsWith('W/')) throw refuse('the answer has a weak ETag');
  const { httpStatusCode: status } = answer.$metadata;
  if (status !== 206) throw refuse(`the answer is HTTP ${status}`);
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+)$/i.exec(answer.ContentRange ?? '') ?? [];
  if (size === undefined) throw refuse('the answer has no valid Content-Range');
  if (Number(size) !== of.size) throw changedWhileRead(subject);
  if (Number(first) !== start || Number(last) !== end - 1 || answer.ContentLength !== end - start) {
    throw refuse('the answer is another range');
  }
}
