import { expect, test } from 'vitest';
import { makeTestBuckets } from '../testing/test-buckets.ts';
import { openFilesystemStorageUnit } from './filesystem/filesystem-storage-unit.ts';
import { measureStorage } from './measured-storage-unit.ts';

/** A clock that advances by `stepMs` each time it is read. */
function tickingClock(stepMs: number) {
  let nowMs = 0;
  const tick = () => {
    nowMs += stepMs;
    return nowMs;
  };
  return { nowMs: tick, monotonicMs: tick };
}

async function read(body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of body);
}

test('the rate of a bucket comes from its own requests and is unknown before the first', async () => {
  await using buckets = await makeTestBuckets();
  await buckets.put('a', [['key', new Uint8Array(50)]]);
  const opened = await openFilesystemStorageUnit({ id: 'default', directory: buckets.directory });
  const { unit, rateOf } = measureStorage(opened, tickingClock(10));
  await using storage = unit;
  expect(rateOf('a')).toEqual({ listMs: null, getMs: null, byteMs: null });
  for await (const page of storage.list({ bucket: 'a', prefix: '' })) expect(page).toHaveLength(1);
  await read((await storage.get({ bucket: 'a', key: 'key' })).body);
  await storage.head({ bucket: 'a', key: 'key' });
  expect(rateOf('a')).toEqual({ listMs: 10, getMs: 10, byteMs: 10 / 50 });
  expect(rateOf('b')).toEqual({ listMs: null, getMs: null, byteMs: null });
});

test('the mean follows the newest requests and ignores failures', async () => {
  await using buckets = await makeTestBuckets();
  await buckets.put('a', [['key', 'bytes']]);
  const opened = await openFilesystemStorageUnit({ id: 'default', directory: buckets.directory });
  let stepMs = 100;
  let nowMs = 0;
  const tick = () => {
    nowMs += stepMs;
    return nowMs;
  };
  const { unit, rateOf } = measureStorage(opened, { nowMs: tick, monotonicMs: tick });
  await using storage = unit;
  await storage.head({ bucket: 'a', key: 'key' });
  await expect(storage.head({ bucket: 'a', key: 'missing' })).rejects.toThrow();
  expect(rateOf('a').getMs).toBe(100);
  stepMs = 10;
  for (let count = 0; count < 500; count += 1) await storage.head({ bucket: 'a', key: 'key' });
  expect(rateOf('a').getMs).toBeCloseTo(10, 1);
});
