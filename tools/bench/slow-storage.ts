// Object storage that answers each request after some time, in its own process: slow-storage.ts <chains> <buckets>
// <milliseconds>. Speaks S3, prints its endpoint, and has small chains that can be imported. /requests returns how many
// requests of each kind it has answered.
import { setTimeout as pause } from 'node:timers/promises';
import { startHttpServer } from '../../packages/engine/src/testing/s3-test-server.ts';
import { bucketOf, serveBuckets } from './bucket-server.ts';
import { DatedBucket } from './dated-bucket.ts';
import { writeSlowChains } from './slow-chains.ts';

const [chains = 0, buckets = 1, latencyMs = 0] = process.argv.slice(2).map(Number);
const stored = new Map<string, DatedBucket>();
for (const { bucket, backups } of writeSlowChains(chains, buckets)) {
  const written = stored.get(bucket) ?? new DatedBucket();
  stored.set(bucket, written);
  for (const { objects } of backups) written.put(objects);
}

const requests = { list: 0, get: 0 };
const answer = serveBuckets(
  Object.fromEntries([...stored].map(([name, bucket]) => [name, bucketOf(bucket.open(), name)])),
  async (kind) => {
    requests[kind] += 1;
    await pause(latencyMs);
  },
);
const server = await startHttpServer((request, response) => {
  if (request.url === '/requests') response.end(JSON.stringify(requests));
  else answer(request, response);
});
process.stdout.write(`${server.options.endpoint}\n`);
