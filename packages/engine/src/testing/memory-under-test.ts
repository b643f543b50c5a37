import type { StorageUnit } from '../storage/port.ts';
import type { UnitUnderTest } from '../storage/ranged-read-conformance.ts';
import type { BucketContents } from '../storage/storage-conformance.ts';
import { type MemoryBucket, openMemoryStorageUnit } from './memory-storage-unit.ts';

/** Opens storage in memory for the tests of storage units, wrapped by `decorate`. */
export function openMemoryUnderTest(
  decorate: (unit: StorageUnit) => StorageUnit = (unit) => unit,
): (buckets: BucketContents) => Promise<UnitUnderTest> {
  return async (buckets) => {
    const bucketOf = (objects: Record<string, string | Uint8Array>): MemoryBucket =>
      new Map(Object.entries(objects).map(([key, bytes]) => [key, Buffer.from(bytes)]));
    const contents = new Map(Object.entries(buckets).map(([name, objects]) => [name, bucketOf(objects)] as const));
    const unit = decorate(openMemoryStorageUnit(contents));
    return Object.assign(unit, {
      replaceObject(bucket: string, key: string, content: string | Uint8Array) {
        contents.get(bucket)?.set(key, Buffer.from(content));
      },
    });
  };
}
