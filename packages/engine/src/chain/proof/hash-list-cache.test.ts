import { expect, test } from 'vitest';
import type { HashFileHeader, HashList } from './hash-file.ts';
import { HashListCache, type StoredHashList } from './hash-list-cache.ts';

const header: HashFileHeader = { version: '1', backupId: 'b', volumeId: 'v', blockBytes: 512, hashCount: 3 };
const tooManyBytes = 1024 ** 3;

/** A list that counts how often it is read. Its batches share the same memory, as those of a driver's buffer. */
function listOf({ key = 'key', expectedBytes = 96, header: ownHeader = header } = {}) {
  const list = {
    key,
    expectedBytes,
    timesRead: 0,
    async *read(): HashList {
      list.timesRead += 1;
      const memory = Buffer.alloc(32);
      for (const byte of [1, 2, 3]) yield memory.fill(byte);
      yield ownHeader;
    },
  };
  return list;
}

async function partsOf(list: HashList): Promise<(number | HashFileHeader | undefined)[]> {
  const seen: (number | HashFileHeader | undefined)[] = [];
  for await (const part of list) seen.push(part instanceof Uint8Array ? part[0] : part);
  return seen;
}

const readOnce = (cache: HashListCache, list: StoredHashList) => partsOf(cache.open(list));

test('a cached list is the same the second time, although its batches shared one buffer', async () => {
  const cache = new HashListCache();
  const list = listOf();
  for (let time = 0; time < 2; time += 1) expect(await readOnce(cache, list)).toEqual([1, 2, 3, header]);
  expect(list.timesRead).toBe(1);
});

test('a large list is read again for its hashes, but not for its header', async () => {
  const cache = new HashListCache();
  const list = listOf({ expectedBytes: tooManyBytes });
  expect(await partsOf(cache.openForHeader(list))).toEqual([1, 2, 3, header]);
  expect(await partsOf(cache.openForHeader(list))).toEqual([header]);
  expect(list.timesRead).toBe(1);
  expect(await readOnce(cache, list)).toEqual([1, 2, 3, header]);
  expect(list.timesRead).toBe(2);
});

test('headers with long texts push older ones out', async () => {
  const cache = new HashListCache();
  const long = { ...header, volumeId: 'v'.repeat(1024 * 1024) };
  const lists = Array.from({ length: 100 }, (_, index) =>
    listOf({ key: `${index}`, expectedBytes: tooManyBytes, header: long }),
  );
  for (const list of lists) await readOnce(cache, list);
  for (const list of lists) await partsOf(cache.openForHeader(list));
  expect(lists.filter(({ timesRead }) => timesRead === 2).length).toBeGreaterThan(60);
});
