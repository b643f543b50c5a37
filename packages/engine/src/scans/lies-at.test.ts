import { expect, test } from 'vitest';
import { endlessStorage } from '../testing/endless-storage.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { liesAt } from './lies-at.ts';

const place = { storageUnitId: 'endless', bucketName: 'bucket', imagePath: 'a/b' };
const { signal } = new AbortController();

test('objects after a backup in an unknown format are not listed, however many there are', async () => {
  const behind = endlessStorage((index) => `a/b0${String(index).padStart(9, '0')}`);
  expect(await liesAt(behind, place, 'unknown', signal)).toBe(false);
});

test('in a known format, the first key that begins with the image path is enough', async () => {
  const objects = endlessStorage((index) => `a/b-${String(index).padStart(9, '0')}`);
  expect(await liesAt(objects, place, 'cinder', signal)).toBe(true);
});

test('a folder marker alone is not a backup in an unknown format', async () => {
  const bucket = new Map([['a/b/', new Uint8Array()]]);
  const storage = openMemoryStorageUnit(new Map([['bucket', bucket]]));
  expect(await liesAt(storage, place, 'unknown', signal)).toBe(false);
  bucket.set('a/b/disk.img', Uint8Array.of(1));
  expect(await liesAt(storage, place, 'unknown', signal)).toBe(true);
});
