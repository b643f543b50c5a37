import { storageConformance } from '../storage/storage-conformance.ts';
import { type MemoryBucket, openMemoryStorageUnit } from './memory-storage-unit.ts';

storageConformance('memory', async (buckets) => {
  const bucketOf = (objects: Record<string, string | Uint8Array>): MemoryBucket =>
    new Map(Object.entries(objects).map(([key, bytes]) => [key, Buffer.from(bytes)]));
  return openMemoryStorageUnit(
    new Map(Object.entries(buckets).map(([name, objects]) => [name, bucketOf(objects)] as const)),
  );
});
