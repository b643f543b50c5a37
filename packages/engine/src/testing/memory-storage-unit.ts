import { hash } from 'node:crypto';
import { changedWhileRead, refuseImpossibleRange } from '../storage/bound-range.ts';
import { compareKeys } from '../storage/key-order.ts';
import { describeBucket, describeObject, refuseUnsafeBucket, refuseUnsafeKey } from '../storage/names.ts';
import { type ListRequest, listPageEntriesMax, StorageError, type StorageUnit } from '../storage/port.ts';

/** Objects of one bucket by key. Changes take effect with the next request; the bytes of an object never change. */
export type MemoryBucket = Map<string, Uint8Array>;

const modifiedAtMs = Date.UTC(2026, 2, 1, 3);
const pieceBytes = 64 * 1024;

/**
 * A storage unit in memory with the ETags of S3, for tests that change an object thousands of times. Passes the tests
 * that every driver must pass.
 */
export function openMemoryStorageUnit(buckets: ReadonlyMap<string, MemoryBucket>): StorageUnit {
  function bucketOf(name: string): MemoryBucket {
    refuseUnsafeBucket(name);
    const bucket = buckets.get(name);
    if (bucket === undefined) throw new StorageError('bucket_not_found', describeBucket(name));
    return bucket;
  }

  async function find(name: string, key: string, signal: AbortSignal | undefined) {
    signal?.throwIfAborted();
    refuseUnsafeKey(name, key);
    const bytes = bucketOf(name).get(key);
    if (bytes === undefined) throw new StorageError('object_not_found', describeObject(name, key));
    return { bytes, seen: { size: bytes.length, etag: md5Of(bytes), modifiedAtMs } };
  }

  async function* pagesOf<Item>(items: readonly Item[]): AsyncGenerator<readonly Item[]> {
    for (let start = 0; start === 0 || start < items.length; start += listPageEntriesMax) {
      yield items.slice(start, start + listPageEntriesMax);
    }
  }

  function keysOf({ bucket, prefix, after, signal }: ListRequest): readonly string[] {
    signal?.throwIfAborted();
    const keys = [...bucketOf(bucket).keys()].filter((key) => key.startsWith(prefix));
    return keys.filter((key) => after === undefined || compareKeys(key, after) > 0).sort(compareKeys);
  }

  return {
    id: 'memory',
    async *list(request) {
      const bucket = bucketOf(request.bucket);
      const entries = keysOf(request).map((key) => {
        const bytes = bucket.get(key) ?? new Uint8Array();
        return { key, size: bytes.length, etag: md5Of(bytes), modifiedAtMs, archived: false };
      });
      yield* pagesOf(entries);
    },
    async *listFolders(request) {
      const { length } = request.prefix;
      const folders = keysOf(request)
        .filter((key) => key.includes('/', length))
        .map((key) => key.slice(0, key.indexOf('/', length) + 1));
      yield* pagesOf([...new Set(folders)]);
    },
    async get({ bucket, key, range, signal }) {
      if (range !== undefined) refuseImpossibleRange(range);
      const { bytes, seen } = await find(bucket, key, signal);
      if (range === undefined) return { ...seen, body: piecesOf(bytes, signal) };
      if (range.of.tag !== seen.etag || range.of.size !== seen.size)
        throw changedWhileRead(describeObject(bucket, key));
      return { ...seen, body: piecesOf(bytes.subarray(range.start, range.end), signal) };
    },
    async head({ bucket, key, signal }) {
      return { ...(await find(bucket, key, signal)).seen, encryptedByKey: false };
    },
    async admit({ begin }) {
      await begin();
      return () => {};
    },
    async [Symbol.asyncDispose]() {},
  };
}

async function* piecesOf(bytes: Uint8Array, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    signal?.throwIfAborted();
    yield bytes.subarray(start, start + pieceBytes);
  }
}

/** The ETags of objects, which each listing has again. */
const etags = new WeakMap<Uint8Array, string>();

function md5Of(bytes: Uint8Array): string {
  const known = etags.get(bytes) ?? hash('md5', bytes);
  etags.set(bytes, known);
  return known;
}
