// Object storage for the load benchmark, in its own process: load-storage.ts <objects> <directory>. Speaks S3, prints
// its endpoint, and has three buckets: `scanned` with that many generated objects, `daily` with small chains that can
// be imported, and `large` with the files of the directory.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { compareKeys } from '../../packages/engine/src/storage/key-order.ts';
import { openStorageUnit } from '../../packages/engine/src/storage/open-storage-unit.ts';
import type { ObjectEntry, StorageUnit } from '../../packages/engine/src/storage/port.ts';
import { errorXml, listBucketResult, startHttpServer } from '../../packages/engine/src/testing/s3-test-server.ts';
import { DatedBucket } from './dated-bucket.ts';
import { openGeneratedBucket } from './generated-bucket.ts';
import { dailyVolumes, writeDailyChain } from './load-items.ts';

const [objects = '200000', directory = ''] = process.argv.slice(2);
const keysMax = 1000;

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

const scanned = openGeneratedBucket(Number(objects));
const scannedEntries = await listAll(scanned);
const daily = new DatedBucket();
for (let volume = 0; volume < dailyVolumes; volume += 1) {
  daily.put(new Map(writeDailyChain(volume).flatMap((backup) => [...backup.objects])));
}
const files = await openStorageUnit(`file:${directory}`, {});
const units: Record<string, StorageUnit> = { daily: daily.open(), large: files };

/** The entries with a prefix and after a key, one more than fits into a page. */
async function below(bucket: string, prefix: string, after: string): Promise<readonly ObjectEntry[]> {
  if (bucket === 'scanned') {
    let at = firstNotBefore(scannedEntries, after > prefix ? after : prefix);
    if (scannedEntries[at]?.key === after) at += 1;
    const page = scannedEntries.slice(at, at + keysMax + 1);
    return page.filter(({ key }) => key.startsWith(prefix));
  }
  const found: ObjectEntry[] = [];
  for await (const page of units[bucket]?.list({ bucket, prefix, after }) ?? []) {
    found.push(...page);
    if (found.length > keysMax) break;
  }
  return found.slice(0, keysMax + 1);
}

async function answerList(response: ServerResponse, bucket: string, query: URLSearchParams): Promise<void> {
  const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const found = await below(bucket, query.get('prefix') ?? '', after);
  const page = found.slice(0, keysMax);
  const next = found.length > keysMax ? page.at(-1)?.key : undefined;
  const entries = page.map(({ key, size, etag }) => ({ key, size, ...(etag !== null && { etag }) }));
  response
    .writeHead(200, { 'content-type': 'application/xml' })
    .end(listBucketResult({ entries, ...(next !== undefined && { next }) }));
}

async function answerGet(response: ServerResponse, bucket: string, key: string, isHead: boolean): Promise<void> {
  const { length, etag, modifiedAtMs, body } = await contentOf(bucket, key);
  response.writeHead(200, {
    'content-length': length,
    etag: `"${etag ?? 'e'}"`,
    'last-modified': new Date(modifiedAtMs).toUTCString(),
  });
  if (isHead) response.end();
  else body().pipe(response);
}

async function contentOf(bucket: string, key: string) {
  if (bucket === 'large') {
    const path = join(directory, bucket, key);
    const { size, mtimeMs } = await stat(path);
    return { length: size, etag: null, modifiedAtMs: mtimeMs, body: () => createReadStream(path) };
  }
  const unit = bucket === 'scanned' ? scanned : units[bucket];
  if (unit === undefined) throw new Error('NoSuchBucket');
  const { size, etag, modifiedAtMs, body } = await unit.get({ bucket, key });
  return { length: size, etag, modifiedAtMs, body: () => Readable.from(body) };
}

const server = await startHttpServer(async (request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(url.pathname)?.map(decodeURIComponent) ?? [];
  try {
    if (key === '') await answerList(response, bucket, url.searchParams);
    else await answerGet(response, bucket, key, request.method === 'HEAD');
  } catch {
    response.writeHead(404, { 'content-type': 'application/xml' }).end(errorXml('NoSuchKey'));
  }
});
process.stdout.write(`${server.options.endpoint}\n`);
