import type { GetRequest, ObjectEntry, StorageUnit } from '../../storage/port.ts';
import type { StoredContent } from '../data.ts';
import { ReadFault, readListedObject, withReadFaults } from '../proof/read-fault.ts';
import { openRange } from '../read-range.ts';

/**
 * Opens the stored bytes of an object that was listed, or of a part of one. If it is not found, lists it again. If it is
 * still listed, reads it once more, because a service may fail to find an object that it has.
 *
 * Throws `ReadFault` `object_missing` if it is no longer listed; `changed_while_read` if it is another object, or is
 * listed but not found; and storage errors.
 */
export async function openObject(
  storage: StorageUnit,
  request: GetRequest,
  object: StoredContent,
): Promise<AsyncIterable<Uint8Array>> {
  try {
    return await openListed(storage, request, object);
  } catch (error) {
    if (!(error instanceof ReadFault) || !error.looksMissing) throw error;
  }
  if ((await listNow(storage, request)) === null) {
    throw new ReadFault({ code: 'object_missing', detail: `${object.key} is no longer found or listed` }, true);
  }
  return await openListed(storage, request, object);
}

async function openListed(
  storage: StorageUnit,
  request: GetRequest,
  { key, storedBytes, etag, part }: StoredContent,
): Promise<AsyncIterable<Uint8Array>> {
  if (part === undefined) return await readListedObject(storage, request, { key, size: storedBytes, etag });
  const { start, objectBytes: size, modifiedAtMs } = part;
  const listed = { key, size, etag, modifiedAtMs };
  return await openRange(storage, request, listed, { start, end: start + storedBytes });
}

/** A key sorts before all longer keys that begin with it, so it is listed first or does not exist. */
async function listNow(storage: StorageUnit, { bucket, key, signal }: GetRequest): Promise<ObjectEntry | null> {
  return await withReadFaults(key, async () => {
    for await (const page of storage.list({ bucket, prefix: key, ...(signal && { signal }) })) {
      const [first] = page;
      if (first !== undefined) return first.key === key ? first : null;
    }
    return null;
  });
}
