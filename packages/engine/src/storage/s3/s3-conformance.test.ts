import { startS3Server } from '../../testing/s3-test-server.ts';
import { rangedReadConformance, type UnitUnderTest } from '../ranged-read-conformance.ts';
import { type BucketContents, storageConformance } from '../storage-conformance.ts';
import { openS3StorageUnit } from './s3-storage-unit.ts';

async function open(buckets: BucketContents): Promise<UnitUnderTest> {
  const server = await startS3Server(buckets);
  const unit = await openS3StorageUnit({ id: 's3', ...server.options });
  const close = unit[Symbol.asyncDispose].bind(unit);
  return Object.assign(unit, {
    replaceObject(bucket: string, key: string, content: string | Uint8Array) {
      server.replace(bucket, key, Buffer.from(content));
    },
    async [Symbol.asyncDispose]() {
      await close();
      await server[Symbol.asyncDispose]();
    },
  });
}

storageConformance('an S3 service', open);
rangedReadConformance('an S3 service', open);
