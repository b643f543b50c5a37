import { describeObject } from './names.ts';
import {
  type BoundRange,
  type ObjectEntry,
  type ObjectHead,
  type ObjectRequest,
  type ObjectVersion,
  StorageError,
  type StorageUnit,
} from './port.ts';

/** An ETag that `If-Match` can carry: strong, with only the characters that HTTP allows. */
const strongTag = /^(?!W\/)[\x21\x23-\x7e]+$/;

/**
 * The version shown by `head`, `get`, or the listing of a service with ETags. Null if nothing identifies it: in a
 * directory's listing, and if the service gave no ETag or a weak one, which does not promise the same bytes.
 */
export function versionOf({
  size,
  etag,
  fileIdentity,
}: Pick<ObjectHead, 'size' | 'etag' | 'fileIdentity'>): ObjectVersion | null {
  const tag = etag ?? fileIdentity ?? null;
  return tag !== null && strongTag.test(tag) ? { size, tag } : null;
}

/**
 * Finds the version of an object for reading it in ranges. Null if the object can only be read whole.
 *
 * Needs no request if the entry of a listing (`listed`) shows the version; otherwise it makes one `head`. Throws
 * `changed_while_read` if size or time differ from the listing, and the errors of `head`.
 */
export async function findVersion(
  unit: Pick<StorageUnit, 'head'>,
  request: ObjectRequest,
  listed: Pick<ObjectEntry, 'size' | 'etag' | 'modifiedAtMs'> | null = null,
): Promise<ObjectVersion | null> {
  const shown = listed === null ? null : versionOf(listed);
  if (shown !== null) return shown;
  const head = await unit.head(request);
  if (listed !== null && !isAsListed(head, listed)) throw changedWhileRead(describeObject(request.bucket, request.key));
  return versionOf(head);
}

/** HTTP headers have times in seconds, but a listing of the same service may have milliseconds. */
function isAsListed(head: ObjectHead, listed: Pick<ObjectEntry, 'size' | 'modifiedAtMs'>): boolean {
  const apartMs = Math.abs(head.modifiedAtMs - listed.modifiedAtMs);
  return head.size === listed.size && apartMs < (head.fileIdentity === undefined ? 1000 : 1);
}

/** Throws `RangeError` unless the range has bytes, and all of them are within its version. */
export function refuseImpossibleRange({ start, end, of }: BoundRange): void {
  const isPossible = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start < end;
  if (!isPossible || end > of.size) {
    throw new RangeError(`an object of ${of.size} bytes has no range from byte ${start} to byte ${end} (exclusive)`);
  }
}

/** The error for a range whose version no longer exists. `subject` names bucket and key. */
export function changedWhileRead(subject: string): StorageError {
  return new StorageError('changed_while_read', `${subject}: the object has changed since it was first seen`);
}
