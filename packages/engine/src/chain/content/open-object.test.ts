import { expect, test } from 'vitest';
import { StorageError, type StorageUnit } from '../../storage/port.ts';
import { openMemoryStorageUnit } from '../../testing/memory-storage-unit.ts';
import type { StoredObject } from '../data.ts';
import { openObject } from './open-object.ts';

test('an object not found at first is not reported missing because of an empty page before the last', async () => {
  const bytes = Buffer.from('bytes');
  const unit = openMemoryStorageUnit(new Map([['bucket', new Map([['a', bytes]])]]));
  const { size, etag } = await unit.head({ bucket: 'bucket', key: 'a' });
  let asked = 0;
  const forgetful: StorageUnit = {
    ...unit,
    async *list(request) {
      yield [];
      yield* unit.list(request);
    },
    async get(request) {
      asked += 1;
      if (asked === 1) throw new StorageError('object_not_found', 'not found at first');
      return await unit.get(request);
    },
  };
  const object: StoredObject = {
    key: 'a',
    storedBytes: size,
    etag,
    offset: 0,
    length: size,
    compression: 'none',
    plainDigest: null,
    storedDigest: null,
  };
  const body = await openObject(forgetful, { bucket: 'bucket', key: 'a' }, object);
  expect(Buffer.concat(await Array.fromAsync(body))).toEqual(bytes);
});
