import { expect, test } from 'vitest';
import type { HashFileHeader, HashList } from './hash-file.ts';
import { HashListCache } from './hash-list-cache.ts';

const header: HashFileHeader = { version: '1', backupId: 'b', volumeId: 'v', blockBytes: 512, hashCount: 3 };

/** Yields batches in the same memory, as a driver's buffer does. */
async function* batches(): HashList {
  const memory = Buffer.alloc(32);
  for (const byte of [1, 2, 3]) yield memory.fill(byte);
  yield header;
}

test('a cached list is the same the second time, although its batches shared one buffer', async () => {
  const cache = new HashListCache();
  for (let time = 0; time < 2; time += 1) {
    const seen: (number | HashFileHeader | undefined)[] = [];
    for await (const part of cache.open('key', 96, batches)) seen.push(part instanceof Uint8Array ? part[0] : part);
    expect(seen).toEqual([1, 2, 3, header]);
  }
});
