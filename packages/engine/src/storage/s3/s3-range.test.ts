import { expect, test } from 'vitest';
import { type S3Habits, startS3Server } from '../../testing/s3-test-server.ts';
import { versionOf } from '../bound-range.ts';
import type { StorageUnit } from '../port.ts';
import { readRange, versionIn } from '../ranged-read-conformance.ts';
import { expectCode, listAll, readAll } from '../storage-conformance.ts';
import { openS3StorageUnit } from './s3-storage-unit.ts';

const md5OfHello = '5d41402abc4b2a76b9719d911017c592';

/** A service with these habits that has one object, "hello". */
async function openUnit(habits: S3Habits = {}) {
  const server = await startS3Server({ bucket: { a: 'hello' } }, () => null, habits);
  const unit: StorageUnit = await openS3StorageUnit({ id: 's3', ...server.options });
  return {
    unit,
    replace: (content: string) => server.replace('bucket', 'a', Buffer.from(content)),
    async [Symbol.asyncDispose]() {
      await unit[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test.each(['HELLO', 'hello again', 'h'])(
  'a changed object is noticed even if the service ignores If-Match: %s',
  async (now) => {
    await using opened = await openUnit({ ignoresIfMatch: true });
    const of = await versionIn(opened.unit, 'a');
    opened.replace(now);
    await expectCode('changed_while_read', readRange(opened.unit, 'a', 0, 1, of));
  },
);

test('an object that became too short counts as changed, even if the service checks the range first', async () => {
  await using opened = await openUnit({ checksRangeFirst: true });
  const of = await versionIn(opened.unit, 'a');
  opened.replace('h');
  await expectCode('changed_while_read', readRange(opened.unit, 'a', 3, 5, of));
});

test('a whole object is never taken for a range of it', async () => {
  await using opened = await openUnit({ ignoresRange: true });
  const of = await versionIn(opened.unit, 'a');
  const refused = await expectCode('storage_not_implemented', readRange(opened.unit, 'a', 0, 2, of));
  expect(refused.message).toContain('HTTP 200');
  await expectCode('storage_not_implemented', readRange(opened.unit, 'a', 0, 5, of));
  opened.replace('HELLO');
  await expectCode('changed_while_read', readRange(opened.unit, 'a', 0, 2, of));
  await using ignoring = await openUnit({ ignoresRange: true, ignoresIfMatch: true });
  ignoring.replace('HELLO');
  await expectCode('changed_while_read', readRange(ignoring.unit, 'a', 0, 2, of));
});

test.each([
  ['storage_not_implemented', 'another beginning', { 'content-range': 'bytes 0-2/5' }],
  ['storage_not_implemented', 'another end', { 'content-range': 'bytes 1-3/5' }],
  ['storage_not_implemented', 'no size', { 'content-range': 'bytes 1-2/*' }],
  ['storage_not_implemented', 'another unit', { 'content-range': 'items 1-2/5' }],
  ['storage_not_implemented', 'no range', { 'content-range': undefined }],
  ['storage_not_implemented', 'no ETag', { etag: undefined, 'content-range': 'bytes 1-2/5' }],
  ['storage_not_implemented', 'the same ETag made weak', { etag: `W/"${md5OfHello}"`, 'content-range': 'bytes 1-2/5' }],
  ['storage_not_implemented', 'fewer bytes', { 'content-range': 'bytes 1-2/5', 'content-length': '1' }],
  ['changed_while_read', 'another size', { 'content-range': 'bytes 1-2/6' }],
  ['changed_while_read', 'another ETag, and weak', { etag: 'W/"other"', 'content-range': 'bytes 1-2/5' }],
  ['changed_while_read', 'another ETag', { etag: '"other"', 'content-range': 'bytes 1-2/5' }],
] as const)('throws %s if the answer has %s', async (code, _, headers) => {
  await using opened = await openUnit({ rangeHeaders: () => headers });
  const of = await versionIn(opened.unit, 'a');
  await expectCode(code, readRange(opened.unit, 'a', 1, 3, of));
});

test('the unit in Content-Range may be written in any case', async () => {
  await using opened = await openUnit({ rangeHeaders: () => ({ 'content-range': 'Bytes 1-2/5' }) });
  expect(await readRange(opened.unit, 'a', 1, 3, await versionIn(opened.unit, 'a'))).toBe('el');
});

test('a range whose bytes end early is an error', async () => {
  await using opened = await openUnit({ cutAtByte: 1 });
  const of = await versionIn(opened.unit, 'a');
  const { body } = await opened.unit.get({ bucket: 'bucket', key: 'a', range: { start: 1, end: 4, of } });
  const error = await expectCode('unreachable', readAll(body));
  expect(error.message).toContain('ended after 1 of 3 bytes');
});

test('a listing that writes the ETag in another case shows the same version', async () => {
  let isListing = true;
  await using opened = await openUnit({
    ignoresIfMatch: true,
    etagOf: (_, md5) => (isListing ? md5.toUpperCase() : md5),
  });
  const [entry] = await listAll(opened.unit, 'bucket');
  isListing = false;
  const of = versionOf(entry ?? { size: 0, etag: null });
  expect(of?.tag).toMatch(/[A-F]/);
  expect(await readRange(opened.unit, 'a', 1, 3, of ?? { size: 0, tag: '' })).toBe('el');
});

test('a weak ETag, or one that If-Match cannot carry, identifies no version', () => {
  for (const etag of ['W/abc', 'a\nb', 'é', 'a"b', 'a b', '', null]) expect(versionOf({ size: 1, etag })).toBeNull();
  expect(versionOf({ size: 1, etag: '0a-2' })).toEqual({ size: 1, tag: '0a-2' });
});
