import { startS3Server } from '../../testing/s3-test-server.ts';
import { storageConformance } from '../storage-conformance.ts';
import { openS3StorageUnit } from './s3-storage-unit.ts';

storageConformance('an S3 service', async (buckets) => {
  const server = await startS3Server(buckets);
  const unit = await openS3StorageUnit({ id: 's3', ...server.options });
  const close = unit[Symbol.asyncDispose].bind(unit);
  return Object.assign(unit, {
    async [Symbol.asyncDispose]() {
      await close();
      await server[Symbol.asyncDispose]();
    },
  });
});
