import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeBucketFiles } from '../../testing/bucket-files.ts';
import { rangedReadConformance, type UnitUnderTest } from '../ranged-read-conformance.ts';
import { type BucketContents, storageConformance } from '../storage-conformance.ts';
import { openFilesystemStorageUnit } from './filesystem-storage-unit.ts';

async function open(buckets: BucketContents): Promise<UnitUnderTest> {
  const files = await makeBucketFiles(buckets);
  const unit = await openFilesystemStorageUnit({ id: 'files', directory: files.path });
  return Object.assign(unit, {
    async replaceObject(bucket: string, key: string, content: string | Uint8Array) {
      const path = join(files.path, bucket, key);
      await writeFile(`${path}.new`, content);
      await rename(`${path}.new`, path);
    },
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  });
}

storageConformance('a directory', open);
rangedReadConformance('a directory', open);
