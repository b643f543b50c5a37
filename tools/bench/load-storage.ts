// Object storage for the load benchmark, in its own process: load-storage.ts <objects> <directory>. Speaks S3, prints
// its endpoint, and has three buckets: `scanned` with that many generated objects, `daily` with small chains that can
// be imported, and `large` with the files of the directory.
import { compareKeys } from '../../packages/engine/src/storage/key-order.ts';
import { openStorageUnit } from '../../packages/engine/src/storage/open-storage-unit.ts';
import { listPageEntriesMax, type ObjectEntry, type StorageUnit } from '../../packages/engine/src/storage/port.ts';
import { startHttpServer } from '../../packages/engine/src/testing/s3-test-server.ts';
import { bucketOf, type ServedBucket, serveBuckets } from './bucket-server.ts';
import { DatedBucket } from './dated-bucket.ts';
import { openGeneratedBucket } from './generated-bucket.ts';
import { dailyVolumes, writeDailyChain } from './load-items.ts';

const [objects = '200000', directory = ''] = process.argv.slice(2);

/** The objects of the generated bucket, sorted, so that a page is found without reading the pages before it. */
async function listAll(unit: StorageUnit): Promise<readonly ObjectEntry[]> {
  const entries: ObjectEntry[] = [];
  for await (const page of unit.list({ bucket: 'scanned', prefix: '' })) entries.push(...page);
  return entries.sort((one, other) => compareKeys(one.key, other.key));
}

function firstNotBefore(entries: readonly ObjectEntry[], key: string): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(entries[middle]?.key ?? '', key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

const generated = openGeneratedBucket(Number(objects));
const entries = await listAll(generated);
const scanned: ServedBucket = {
  ...bucketOf(generated, 'scanned'),
  async below(prefix, after) {
    const isAfterPrefix = after > prefix;
    let at = firstNotBefore(entries, isAfterPrefix ? after : prefix);
    if (entries[at]?.key === after) at += 1;
    return entries.slice(at, at + listPageEntriesMax + 1).filter(({ key }) => key.startsWith(prefix));
  },
};
const daily = new DatedBucket();
for (let volume = 0; volume < dailyVolumes; volume += 1) {
  daily.put(new Map(writeDailyChain(volume).flatMap((backup) => [...backup.objects])));
}
const files = await openStorageUnit(`file:${directory}`, {});

const server = await startHttpServer(
  serveBuckets({ scanned, daily: bucketOf(daily.open(), 'daily'), large: bucketOf(files, 'large') }),
);
process.stdout.write(`${server.options.endpoint}\n`);
