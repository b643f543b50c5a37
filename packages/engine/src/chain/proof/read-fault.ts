import {
  type GetRequest,
  type ObjectContent,
  type ObjectEntry,
  StorageError,
  type StorageUnit,
} from '../../storage/port.ts';
import type { Fault } from './link.ts';

/** An object of the chain cannot be read, for a reason that belongs in the examination. */
export class ReadFault extends Error {
  override readonly name = 'ReadFault';
  readonly fault: Fault;
  /** True if the object was listed but not found. List again before reporting it missing. */
  readonly looksMissing: boolean;

  constructor(fault: Fault, looksMissing: boolean, cause?: unknown) {
    super(fault.detail, { cause });
    this.fault = fault;
    this.looksMissing = looksMissing;
  }
}

/**
 * Runs one access to storage. Turns an error about the object, or the right to read it, into a {@link ReadFault}.
 * Rethrows errors that may pass by themselves or concern the whole bucket.
 */
export async function withReadFaults<Result>(key: string, access: () => Promise<Result>): Promise<Result> {
  try {
    return await access();
  } catch (error) {
    throw readFaultOf(error, key) ?? error;
  }
}

/** An object as a listing showed it; the time only if it is known. */
export type ListedObject = Pick<ObjectEntry, 'key' | 'size' | 'etag'> & Partial<Pick<ObjectEntry, 'modifiedAtMs'>>;

/**
 * Opens an object that was listed. Throws {@link ReadFault}, as reading the bytes may do: `changed_while_read` if it is
 * no longer the listed object.
 */
export async function readListedObject(
  storage: StorageUnit,
  request: GetRequest,
  entry: ListedObject,
): Promise<AsyncIterable<Uint8Array>> {
  const content = await withReadFaults(entry.key, () => storage.get(request));
  if (!isSameObject(content, entry)) {
    await closeBody(content);
    throw new ReadFault(
      { code: 'changed_while_read', detail: `${entry.key} is no longer the object that was listed` },
      false,
    );
  }
  return faultingBody(content.body, entry.key);
}

/** Compares ETags if both have one, because a listing and an answer may round times differently. */
function isSameObject(seen: Pick<ObjectContent, 'size' | 'etag' | 'modifiedAtMs'>, entry: ListedObject): boolean {
  if (seen.size !== entry.size) return false;
  if (seen.etag !== null && entry.etag !== null) return seen.etag.toLowerCase() === entry.etag.toLowerCase();
  return entry.modifiedAtMs === undefined || seen.modifiedAtMs === entry.modifiedAtMs;
}

/** The bytes of an object. Errors of storage about the object become {@link ReadFault}. */
export async function* faultingBody(body: AsyncIterable<Uint8Array>, key: string): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw readFaultOf(error, key) ?? error;
  }
}

/** Leaving the loop immediately releases the connection or file. */
async function closeBody(content: ObjectContent): Promise<void> {
  for await (const _ of content.body) break;
}

function readFaultOf(error: unknown, key: string): ReadFault | null {
  if (!(error instanceof StorageError)) return null;
  switch (error.code) {
    case 'object_not_found':
      // Only a listing shows whether it is missing. While it is still listed, the next read may find it.
      return new ReadFault({ code: 'changed_while_read', detail: `${key} was listed but is not found` }, true, error);
    case 'access_denied':
    case 'changed_while_read':
    case 'archived':
    case 'encrypted_customer_key':
      return new ReadFault({ code: error.code, detail: key }, false, error);
    default:
      return null;
  }
}

/** The result, or the fault that reading has shown. */
export async function orFault<Result>(reading: Promise<Result>): Promise<Result | { readonly fault: Fault }> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof ReadFault) return { fault: error.fault };
    throw error;
  }
}
