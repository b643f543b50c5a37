import { makeBucketFiles } from '../../testing/bucket-files.ts';
import { storageConformance } from '../storage-conformance.ts';
import { openFilesystemStorageUnit } from './filesystem-storage-unit.ts';

storageConformance('a directory', async (buckets) => {
  const files = await makeBucketFiles(buckets);
  const unit = await openFilesystemStorageUnit({ id: 'files', directory: files.path });
  return Object.assign(unit, { [Symbol.asyncDispose]: () => files[Symbol.asyncDispose]() });
});
