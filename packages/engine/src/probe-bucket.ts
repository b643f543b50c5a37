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

export type ProbeOptions = {
  /** `file:<directory>` or `s3:<endpoint>`. */
  readonly storage: string;
  readonly region?: string | undefined;
  readonly buckets: readonly string[];
  readonly signal: AbortSignal;
};

/**
 * Tries what a bucket lets us do, with as little as that takes: the first page of a listing, then the first object's
 * head, and the beginning of the object. Yields buckets in their order. Throws what opening the storage unit throws.
 */
export async function* probeBuckets({
  storage,
  region,
  buckets,
  signal,
}: ProbeOptions): AsyncGenerator<BucketPermissions> {
  await using unit = await openStorageUnit(storage, region === undefined ? {} : { region });
  for (const bucketName of buckets) yield await probe(unit, bucketName, signal);
}

async function probe(unit: StorageUnit, bucketName: string, signal: AbortSignal): Promise<BucketPermissions> {
  let key: string | undefined;
  const list = await attempt(async () => {
    for await (const page of unit.list({ bucket: bucketName, prefix: '', signal })) {
      key = page[0]?.key;
      break;
    }
  });
  if (key === undefined) return { bucketName, list, head: null, get: null };
  const object = { bucket: bucketName, key, signal };
  const head = await attempt(() => unit.head(object));
  const get = await attempt(async () => {
    const { body } = await unit.get(object);
    for await (const _ of body) break;
  });
  return { bucketName, list, head, get };
}

async function attempt(request: () => Promise<unknown>): Promise<Permission> {
  try {
    await request();
    return 'allowed';
  } catch (error) {
    if (error instanceof StorageError) return error.code;
    throw error;
  }
}
