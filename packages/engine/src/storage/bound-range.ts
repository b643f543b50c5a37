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

/** An ETag that can be asked for by `If-Match`: a strong one, of the characters that HTTP allows. */
const strongTag = /^(?!W\/)[\x21\x23-\x7e]+$/;

/**
 * The version that `head` or `get` showed, or a listing of a service with ETags. Null if nothing tells it from another: a
 * directory's listing, and a service that gave no ETag, or a weak one, which does not promise the same bytes.
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
 * The version of an object that its ranges are read of. `listed`: what a listing showed of it, if it was listed. If that
 * tells the version, nothing is asked. Otherwise one `head` is. Null if the object can only be read whole.
 *
 * Throws `changed_while_read` if the object has another size or time than was listed, and what `head` throws.
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

/** A header of HTTP tells times in seconds, the listing of the same service may tell milliseconds. */
function isAsListed(head: ObjectHead, listed: Pick<ObjectEntry, 'size' | 'modifiedAtMs'>): boolean {
  const apartMs = Math.abs(head.modifiedAtMs - listed.modifiedAtMs);
  return head.size === listed.size && apartMs < (head.fileIdentity === undefined ? 1000 : 1);
}

/** Throws `RangeError` unless the range has bytes, and all of them are within its version. */
export function refuseImpossibleRange({ start, end, of }: BoundRange): void {
  const isPossible = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start < end;
  if (!isPossible || end > of.size) {
    throw new RangeError(`an object of ${of.size} bytes has no range from byte ${start} to before byte ${end}`);
  }
}

/** What a driver throws if the version of a range is not there any more. `subject` names bucket and key. */
export function changedWhileRead(subject: string): StorageError {
  return new StorageError('changed_while_read', `${subject}: is not the object that was seen before`);
}
