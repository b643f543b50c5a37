import { expect, test } from 'vitest';
import { findVersion } from './bound-range.ts';
import type { ObjectHead } from './port.ts';
import { expectCode } from './storage-conformance.ts';

const object = { bucket: 'bucket', key: 'a' };
const listed = { size: 5, etag: null, modifiedAtMs: 10_700 };

/** A storage unit whose `head` returns this, and a count of its calls. */
function unitOf(answer: Partial<ObjectHead>) {
  let asked = 0;
  return {
    async head() {
      asked += 1;
      return { size: 5, etag: null, modifiedAtMs: 10_700, encryptedByKey: false, ...answer };
    },
    asked: () => asked,
  };
}

test('a listing that shows the version saves a request', async () => {
  const unit = unitOf({});
  expect(await findVersion(unit, object, { ...listed, etag: 'abc' })).toEqual({ size: 5, tag: 'abc' });
  expect(unit.asked()).toBe(0);
  expect(await findVersion(unit, object, { ...listed, etag: 'W/abc' })).toBeNull();
  expect(unit.asked()).toBe(1);
});

test('a listing without ETags needs one head, which must match the listing', async () => {
  const unit = unitOf({ fileIdentity: '1:2' });
  expect(await findVersion(unit, object, listed)).toEqual({ size: 5, tag: '1:2' });
  expect(await findVersion(unit, object)).toEqual({ size: 5, tag: '1:2' });
  expect(unit.asked()).toBe(2);
  for (const other of [{ size: 6 }, { modifiedAtMs: 10_701 }, { modifiedAtMs: 10_000 }]) {
    const moved = unitOf({ fileIdentity: '1:2', ...other });
    const error = await expectCode('changed_while_read', findVersion(moved, object, listed));
    expect(error.message).toContain('"a" in bucket "bucket"');
  }
});

test('times that head shows in seconds match the milliseconds of the listing', async () => {
  for (const modifiedAtMs of [10_000, 11_000]) {
    const unit = unitOf({ etag: 'abc', modifiedAtMs });
    expect(await findVersion(unit, object, listed)).toEqual({ size: 5, tag: 'abc' });
  }
  const replaced = unitOf({ etag: 'abc', modifiedAtMs: 12_000 });
  await expectCode('changed_while_read', findVersion(replaced, object, listed));
});
