import type { GetRequest, ObjectEntry, StorageUnit } from '../../storage/port.ts';
import type { StoredObject } from '../data.ts';
import { ReadFault, readListedObject, withReadFaults } from '../proof/read-fault.ts';

/**
 * The stored bytes of an object that was listed. Where it is not found a listing is asked whether it is there: an
 * object that is listed as before is read once more, since a service may fail to find what it has.
 *
 * Throws `ReadFault`: `object_missing` where it is not listed any more, `changed_while_read` where it is another object
 * or is listed and yet not found; and what storage throws.
 */
export async function openObject(
  storage: StorageUnit,
  request: GetRequest,
  { key, storedBytes, etag }: StoredObject,
): Promise<AsyncIterable<Uint8Array>> {
  const listed = { key, size: storedBytes, etag };
  try {
    return await readListedObject(storage, request, listed);
  } catch (error) {
    if (!(error instanceof ReadFault) || !error.looksMissing) throw error;
  }
  if ((await listNow(storage, request)) === null) {
    throw new ReadFault({ code: 'object_missing', detail: `${key} is neither found nor listed any more` }, true);
  }
  return await readListedObject(storage, request, listed);
}

/** A key stands before all that begin with it: it is the first that is listed, or not there. */
async function listNow(storage: StorageUnit, { bucket, key, signal }: GetRequest): Promise<ObjectEntry | null> {
  return await withReadFaults(key, async () => {
    for await (const page of storage.list({ bucket, prefix: key, ...(signal && { signal }) })) {
      const [first] = page;
      if (first !== undefined) return first.key === key ? first : null;
    }
    return null;
  });
}
