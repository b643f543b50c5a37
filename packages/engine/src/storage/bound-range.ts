import { type BoundRange, type ObjectHead, type ObjectVersion, StorageError } from './port.ts';

/** An ETag that can be asked for by `If-Match`: a strong one, of the characters that HTTP allows. */
const strongTag = /^(?!W\/)[\x21\x23-\x7e]+$/;

/**
 * The version that a listing, `get` or `head` showed. Null if nothing tells it from another: a service gave no ETag, or a
 * weak one, which does not promise the same bytes. Such an object can only be read whole.
 */
export function versionOf({
  size,
  etag,
  fileIdentity,
}: Pick<ObjectHead, 'size' | 'etag' | 'fileIdentity'>): ObjectVersion | null {
  const tag = etag ?? fileIdentity ?? null;
  return tag !== null && strongTag.test(tag) ? { size, tag } : null;
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
