// Lists or scans the bucket of a listing server once, and prints JSON. It is a separate process, so that CPU time and
// peak memory are its own: list-once.ts bare|listing|keys|scan <endpoint> <objects> <pages at once>.
//
// `bare` is the limit: a loop over the S3 client that fetches and parses the same pages, with as many requests at the
// same time. It knows all keys, so that it can divide them exactly. `listing` lists as a scan does, `keys` scans for a
// format that is not there, so that no metadata is read, and `scan` finds and reads all backups.
import { setFlagsFromString } from 'node:v8';
import { systemClock } from '../../packages/engine/src/clock.ts';
import type { ScanRequest } from '../../packages/engine/src/scans/scan-request.ts';
import { openMeasuredStorage } from '../../packages/engine/src/storage/open-measured-storage.ts';
import type { StorageUnit } from '../../packages/engine/src/storage/port.ts';
import { listInRanges } from '../../packages/engine/src/storage/ranges/list-in-ranges.ts';
import { createS3Client } from '../../packages/engine/src/storage/s3/s3-client.ts';
import { askV2 } from '../../packages/engine/src/storage/s3/s3-listing-request.ts';
import { scanOver } from '../../packages/engine/src/testing/scan-over.ts';
import { entryAt } from './generated-bucket.ts';

// As the command does.
for (const flag of ['--semi-space-growth-factor=1', '--heap-growing-percent=50', '--optimize-for-size']) {
  setFlagsFromString(flag);
}

const [kind, endpoint = '', ...numbers] = process.argv.slice(2);
const [objects = 0, pagesAtOnce = 1] = numbers.map(Number);

async function listBare(): Promise<number> {
  const client = createS3Client({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  const parts = Array.from({ length: pagesAtOnce }, async (_, part) => {
    const [start, end] = [part, part + 1].map((each) => Math.floor((objects / 1000) * (each / pagesAtOnce)) * 1000);
    let position = start === undefined || start === 0 ? undefined : entryAt(start - 1).key;
    let token: string | undefined;
    let listed = 0;
    while (listed < (end ?? 0) - (start ?? 0)) {
      const page = { bucket: 'generated', prefix: '', delimiter: undefined, position, token, signal: undefined };
      const answer = await askV2(client, page);
      listed += answer.objects?.length ?? 0;
      position = answer.objects?.at(-1)?.key;
      token = answer.NextContinuationToken;
    }
    return listed;
  });
  return (await Promise.all(parts)).reduce((sum, listed) => sum + listed, 0);
}

async function openStorage(): Promise<StorageUnit> {
  process.env.AWS_ACCESS_KEY_ID = 'a';
  process.env.AWS_SECRET_ACCESS_KEY = 'b';
  // Otherwise the rate limit would be measured.
  const options = { storage: `s3:${endpoint}`, requestsPerSecond: 1_000_000 };
  return (await openMeasuredStorage(options, systemClock)).unit;
}

async function listInOrder(): Promise<number> {
  await using storage = await openStorage();
  let listed = 0;
  const unit = listInRanges(storage, new AbortController().signal);
  for await (const page of unit.list({ bucket: 'generated', prefix: '' })) listed += page.length;
  return listed;
}

async function scan(changes: Partial<ScanRequest>): Promise<number> {
  await using storage = await openStorage();
  await using over = await scanOver(storage, 'generated', changes);
  await over.run();
  const operation = await over.show();
  if (operation?.result == null) throw new Error(`the scan is not complete: ${operation?.fault?.detail}`);
  return operation.progress.objects_listed ?? 0;
}

const kinds: Record<string, () => Promise<number>> = {
  bare: listBare,
  listing: listInOrder,
  keys: () => scan({ formats: ['longhorn'] }),
  scan: () => scan({}),
};
const work = kinds[kind ?? ''];
if (work === undefined) throw new Error(`there is no kind "${kind}"`);
const cpuBefore = process.cpuUsage();
const startedAtMs = performance.now();
const listed = await work();
const seconds = (performance.now() - startedAtMs) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);
const peakMiB = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ listed, seconds, cpuSeconds: (user + system) / 1e6, peakMiB }));
// Connections that are kept open would delay the end.
process.exit();
