import { once } from 'node:events';
import { expect, test } from 'vitest';
import { type ObjectEntry, StorageError, type StorageUnit } from '../storage/port.ts';
import { openS3StorageUnit } from '../storage/s3/s3-storage-unit.ts';
import { listBucketResult, startHttpServer, startS3Server } from '../testing/s3-test-server.ts';
import { scanOver } from '../testing/scan-over.ts';

const bucketName = 'many';
const request = { pathTemplate: '{resource_id}/{backup_id}' };

/** A storage unit whose listing calls `beforePage` with the number of objects listed so far, before each page. */
function watchPages(
  unit: StorageUnit,
  beforePage: (listed: number, signal: AbortSignal) => Promise<void>,
): StorageUnit {
  return {
    id: unit.id,
    get: (wanted) => unit.get(wanted),
    head: (wanted) => unit.head(wanted),
    admit: (request) => unit.admit(request),
    listFolders: (wanted) => unit.listFolders(wanted),
    async *list(wanted) {
      let listed = 0;
      for await (const page of unit.list(wanted)) {
        await beforePage(listed, wanted.signal ?? new AbortController().signal);
        yield page;
        listed += page.length;
      }
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** Pages without a server: `objects` backups of one object each. */
function generatedStorage(objects: number): StorageUnit {
  const refuse = () => Promise.reject(new StorageError('object_not_found', 'nothing is read here'));
  return {
    id: 'default',
    get: refuse,
    head: refuse,
    admit: refuse,
    async *listFolders() {},
    async *list({ signal }) {
      for (let start = 0; start < objects; start += 1000) {
        signal?.throwIfAborted();
        const page: ObjectEntry[] = Array.from({ length: Math.min(1000, objects - start) }, (_, index) => ({
          key: `server/${String(start + index).padStart(8, '0')}`,
          size: 1,
          etag: 'e',
          modifiedAtMs: 0,
          archived: false,
        }));
        yield page;
      }
    },
    async [Symbol.asyncDispose]() {},
  };
}

test('the findings of a page are on disk before the page after next is requested, over 20,000 objects', async () => {
  const objects = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, index) => [`server/${String(index).padStart(5, '0')}`, '']),
  );
  await using server = await startS3Server({ [bucketName]: objects });
  await using unit = await openS3StorageUnit({ id: 'default', ...server.options });
  const held: number[] = [];
  const storage = watchPages(unit, async (listed) => {
    held.push(listed - (await scan.findings()).length);
  });
  await using scan = await scanOver(storage, bucketName, request);
  await scan.run();
  expect(scan.faults).toEqual([]);
  expect(await scan.show()).toMatchObject({
    status: 'success',
    progress: { objects_listed: 20_000, backups_found: 20_000 },
    requests: { lists: 20, gets: 0 },
  });
  expect((await scan.findings()).length).toBe(20_000);
  // The last object of each page waits for the next, which shows whether its group is complete.
  expect(Math.max(...held)).toBe(1);
});

test('a cancelled scan stops in the middle of its listing, and its findings stay', async () => {
  const storage = watchPages(generatedStorage(5_000), async (listed, signal) => {
    if (listed !== 3_000) return;
    await scan.cancel();
    // The page does not come until the worker has seen the request to cancel.
    await once(signal, 'abort');
    signal.throwIfAborted();
  });
  await using scan = await scanOver(storage, bucketName, request);
  await scan.run();
  expect(await scan.show()).toMatchObject({ status: 'failed', fault: { code: 'cancelled' } });
  expect((await scan.findings()).length).toBe(2_999);
});

test('a listing that fails midway ends the scan as failed, and its findings stay', async () => {
  const storage = watchPages(generatedStorage(5_000), async (listed) => {
    if (listed === 3_000) throw new StorageError('unreachable', 'page 4 did not come');
  });
  await using scan = await scanOver(storage, bucketName, request);
  await scan.run();
  expect(await scan.show()).toMatchObject({
    status: 'failed',
    fault: { code: 'storage_unreachable', detail: 'page 4 did not come' },
  });
  expect((await scan.findings()).length).toBe(2_999);
});

test('a long listing of a service requests several pages at the same time, and counts every request', async () => {
  const objects = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`server/${100_000 + index}`, '']));
  const seen = { requests: 0, open: 0, openMax: 0 };
  const beforeAnswer = async () => {
    seen.requests += 1;
    seen.open += 1;
    seen.openMax = Math.max(seen.openMax, seen.open);
    await new Promise(setImmediate);
    seen.open -= 1;
  };
  await using server = await startS3Server({ [bucketName]: objects }, () => null, { beforeAnswer });
  await using unit = await openS3StorageUnit({ id: 'default', ...server.options });
  await using scan = await scanOver(unit, bucketName);
  await scan.run();
  expect(scan.faults).toEqual([]);
  const shown = await scan.show();
  expect(shown?.progress.objects_listed).toBe(20_000);
  expect(shown?.requests?.lists).toBe(seen.requests);
  expect(seen.requests).toBeGreaterThan(20);
  expect(seen.openMax).toBeGreaterThan(1);
});

test('a service that ignores where a listing starts is listed as a whole, in one range', async () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `server/${100_000 + index}`);
  let starts = 0;
  await using server = await startHttpServer((request, response) => {
    const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
    if (query.has('start-after')) starts += 1;
    const from = Number(query.get('continuation-token') ?? 0);
    const page = keys.slice(from, from + 1000).map((key) => ({ key }));
    const isLast = from + page.length === keys.length;
    response.end(listBucketResult({ entries: page, ...(!isLast && { next: String(from + page.length) }) }));
  });
  await using unit = await openS3StorageUnit({ id: 'default', ...server.options });
  await using scan = await scanOver(unit, bucketName);
  await scan.run();
  expect(scan.faults).toEqual([]);
  expect((await scan.show())?.progress.objects_listed).toBe(20_000);
  expect(starts).toBeGreaterThan(0);
});
