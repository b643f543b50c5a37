import {
  type GetRequest,
  type ObjectContent,
  type ObjectEntry,
  StorageError,
  type StorageUnit,
} from '../../storage/port.ts';
import type { Fault } from './link.ts';

/** An object of the chain cannot be read, for a reason that belongs into the examination. */
export class ReadFault extends Error {
  override readonly name = 'ReadFault';
  readonly fault: Fault;
  /** It was listed and is gone: list once more before it is said to be missing. */
  readonly looksMissing: boolean;

  constructor(fault: Fault, looksMissing: boolean, cause?: unknown) {
    super(fault.detail, { cause });
    this.fault = fault;
    this.looksMissing = looksMissing;
  }
}

/**
 * Runs one access to storage. What storage says about the object or the right to it becomes a {@link ReadFault};
 * what may pass by itself, or concerns the whole bucket, is thrown on.
 */
export async function withReadFaults<Result>(key: string, access: () => Promise<Result>): Promise<Result> {
  try {
    return await access();
  } catch (error) {
    throw readFaultOf(error, key) ?? error;
  }
}

/** What a listing showed of an object; the time where it is known. */
export type ListedObject = Pick<ObjectEntry, 'key' | 'size' | 'etag'> & Partial<Pick<ObjectEntry, 'modifiedAtMs'>>;

/**
 * Opens an object that was listed. The bytes throw {@link ReadFault} as well.
 * Throws {@link ReadFault} `changed_while_read` where it is no longer the object that the listing showed.
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
      { code: 'changed_while_read', detail: `${entry.key} is not the object that the listing showed` },
      false,
    );
  }
  return faultingBody(content.body, entry.key);
}

/** By ETag where there is one: times may be rounded differently in a listing and in an answer. */
function isSameObject(seen: Pick<ObjectContent, 'size' | 'etag' | 'modifiedAtMs'>, entry: ListedObject): boolean {
  if (seen.size !== entry.size) return false;
  if (seen.etag !== null && entry.etag !== null) return seen.etag.toLowerCase() === entry.etag.toLowerCase();
  return entry.modifiedAtMs === undefined || seen.modifiedAtMs === entry.modifiedAtMs;
}

/** The bytes of an object, with what storage says of it as {@link ReadFault}. */
export async function* faultingBody(body: AsyncIterable<Uint8Array>, key: string): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw readFaultOf(error, key) ?? error;
  }
}

/** Leaving the loop at once releases the connection or file. */
async function closeBody(content: ObjectContent): Promise<void> {
  for await (const _ of content.body) break;
}

function readFaultOf(error: unknown, key: string): ReadFault | null {
  if (!(error instanceof StorageError)) return null;
  switch (error.code) {
    case 'object_not_found':
      // Whether it is missing only a listing tells; while it is still listed, it may be found the next time.
      return new ReadFault({ code: 'changed_while_read', detail: `${key} was listed, and is not found` }, true, error);
    case 'access_denied':
    case 'changed_while_read':
    case 'archived':
    case 'encrypted_customer_key':
      return new ReadFault({ code: error.code, detail: key }, false, error);
    default:
      return null;
  }
}
