import { expect, test } from 'vitest';
import { makeBucketFiles } from '../testing/bucket-files.ts';
import { countRequests } from './counted-storage-unit.ts';
import { openFilesystemStorageUnit } from './filesystem/filesystem-storage-unit.ts';
import { expectCode, listAll, readAll } from './storage-conformance.ts';

async function openCounted(objects: Record<string, string | Uint8Array> = {}) {
  const files = await makeBucketFiles({ bucket: objects });
  const unit = await openFilesystemStorageUnit({ id: 'files', directory: files.path });
  return { ...countRequests(unit), [Symbol.asyncDispose]: () => files[Symbol.asyncDispose]() };
}

test('counts pages, reads of objects and bytes', async () => {
  const many = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`many/${index}`, '']));
  await using counted = await openCounted({ ...many, a: 'hello' });
  expect(counted.unit.id).toBe('files');
  expect(counted.count()).toEqual({ lists: 0, gets: 0, bytesRead: 0 });
  await listAll(counted.unit, 'bucket', 'many/');
  await listAll(counted.unit, 'bucket', 'nothing');
  expect(counted.count()).toEqual({ lists: 3, gets: 0, bytesRead: 0 });

  await counted.unit.head({ bucket: 'bucket', key: 'a' });
  const content = await counted.unit.get({ bucket: 'bucket', key: 'a' });
  expect(counted.count()).toEqual({ lists: 3, gets: 2, bytesRead: 0 });
  await readAll(content.body);
  expect(counted.count()).toEqual({ lists: 3, gets: 2, bytesRead: 5 });
});

test('counts only the bytes of a body that were read', async () => {
  await using counted = await openCounted({ large: new Uint8Array(1_000_000) });
  const content = await counted.unit.get({ bucket: 'bucket', key: 'large' });
  for await (const chunk of content.body) {
    expect(counted.count().bytesRead).toBe(chunk.length);
    break;
  }
  expect(counted.count().bytesRead).toBeLessThan(1_000_000);
});

test('counts requests that fail', async () => {
  await using counted = await openCounted();
  await expectCode('bucket_not_found', listAll(counted.unit, 'another'));
  await expectCode('object_not_found', counted.unit.get({ bucket: 'bucket', key: 'another' }));
  expect(counted.count()).toEqual({ lists: 1, gets: 1, bytesRead: 0 });
});

test('closing the counted unit leaves the wrapped unit open', async () => {
  await using counted = await openCounted();
  let closed = false;
  const unit = Object.assign({}, counted.unit, {
    async [Symbol.asyncDispose]() {
      closed = true;
    },
  });
  await countRequests(unit).unit[Symbol.asyncDispose]();
  expect(closed).toBe(false);
});

test('counts the admitted requests of another client', async () => {
  await using counted = await openCounted();
  const begin = async () => {};
  await counted.unit.admit({ bucket: 'bucket', kind: 'list', subject: '', begin });
  const note = await counted.unit.admit({ bucket: 'bucket', kind: 'get', subject: 'key', begin });
  expect(counted.count()).toEqual({ lists: 1, gets: 1, bytesRead: 0 });
  note(7);
  expect(counted.count()).toEqual({ lists: 1, gets: 1, bytesRead: 7 });
});
