import { abortAfter } from './deadline.ts';
import { openStorageUnit } from './storage/open-storage-unit.ts';
import { StorageError, type StorageUnit } from './storage/port.ts';

/** What came of one kind of request: `allowed`, the reason why not, or null where nothing was there to ask it for. */
export type Permission = 'allowed' | StorageError['code'] | null;

/** What a bucket lets us do. */
export type BucketPermissions = {
  readonly bucketName: string;
  readonly list: Permission;
  readonly head: Permission;
  readonly get: Permission;
};

/** The driver tries a silent service several times, each for a minute: too long for someone who looks on. */
const defaultTimeoutMs = 60_000;

export type ProbeOptions = {
  /** `file:<directory>` or `s3:<endpoint>`. */
  readonly storage: string;
  readonly region?: string | undefined;
  readonly buckets: readonly string[];
  /** Milliseconds for each kind of request to a bucket, after which it counts as `unreachable` (default 60,000). */
  readonly timeoutMs?: number | undefined;
  readonly signal: AbortSignal;
};

type RequestEnds = { readonly timeoutMs: number; readonly signal: AbortSignal };

/**
 * Tries what a bucket lets us do, with as little as that takes: the first page of a listing, then the first object's
 * head, and the beginning of the object. Yields buckets in their order. Throws what opening the storage unit throws.
 */
export async function* probeBuckets({
  storage,
  region,
  buckets,
  timeoutMs = defaultTimeoutMs,
  signal,
}: ProbeOptions): AsyncGenerator<BucketPermissions> {
  await using unit = await openStorageUnit(storage, region === undefined ? {} : { region });
  for (const bucketName of buckets) yield await probe(unit, bucketName, { timeoutMs, signal });
}

async function probe(unit: StorageUnit, bucketName: string, ends: RequestEnds): Promise<BucketPermissions> {
  let key: string | undefined;
  const list = await attempt(ends, async (signal) => {
    for await (const page of unit.list({ bucket: bucketName, prefix: '', signal })) {
      key = page[0]?.key;
      break;
    }
  });
  if (key === undefined) return { bucketName, list, head: null, get: null };
  const object = { bucket: bucketName, key };
  const head = await attempt(ends, (signal) => unit.head({ ...object, signal }));
  const get = await attempt(ends, async (signal) => {
    const { body } = await unit.get({ ...object, signal });
    for await (const _ of body) break;
  });
  return { bucketName, list, head, get };
}

async function attempt(
  { timeoutMs, signal }: RequestEnds,
  request: (signal: AbortSignal) => Promise<unknown>,
): Promise<Permission> {
  using timeout = abortAfter(timeoutMs);
  try {
    await orAborted(request, AbortSignal.any([signal, timeout.signal]));
    return 'allowed';
  } catch (error) {
    if (error instanceof StorageError) return error.code;
    if (timeout.signal.aborted && !signal.aborted) return 'unreachable';
    throw error;
  }
}

/** A network mount that hangs does not heed the signal: it is left behind. */
async function orAborted(request: (signal: AbortSignal) => Promise<unknown>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const stop = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    await Promise.race([request(signal), aborted.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
