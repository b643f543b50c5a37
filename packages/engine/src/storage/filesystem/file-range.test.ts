import { appendFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeBucketFiles } from '../../testing/bucket-files.ts';
import { findVersion } from '../bound-range.ts';
import { readRange, versionIn } from '../ranged-read-conformance.ts';
import { expectCode, listAll } from '../storage-conformance.ts';
import { openFilesystemStorageUnit } from './filesystem-storage-unit.ts';

async function openUnit(content: string | Uint8Array) {
  const files = await makeBucketFiles({ bucket: { a: content } });
  const path = join(files.path, 'bucket', 'a');
  const unit = await openFilesystemStorageUnit({ id: 'files', directory: files.path });
  return { unit, path, [Symbol.asyncDispose]: () => files[Symbol.asyncDispose]() };
}

test('a file that was overwritten in place between two ranges is another version', async () => {
  await using opened = await openUnit('hello');
  const of = await versionIn(opened.unit, 'a');
  const { mtimeMs } = await stat(opened.path);
  await writeFile(opened.path, 'HELLO');
  await utimes(opened.path, mtimeMs / 1000, mtimeMs / 1000 + 0.000_01);
  await expectCode('changed_while_read', readRange(opened.unit, 'a', 3, 5, of));
});

test('a file that was overwritten after it was listed is not read in ranges', async () => {
  await using opened = await openUnit('hello');
  const [entry = null] = await listAll(opened.unit, 'bucket');
  const object = { bucket: 'bucket', key: 'a' };
  expect(await findVersion(opened.unit, object, entry)).toEqual(await versionIn(opened.unit, 'a'));
  const { mtimeMs } = await stat(opened.path);
  await writeFile(opened.path, 'HELLO');
  await utimes(opened.path, mtimeMs / 1000, mtimeMs / 1000 + 0.002);
  await expectCode('changed_while_read', findVersion(opened.unit, object, entry));
});

test('a listing and head show the same time for a file, to the millisecond', async () => {
  await using opened = await openUnit('hello');
  for (const seconds of [0, 0.999_999_9, 1_700_000_000.000_999, 1_700_000_000.999_999, -1.5]) {
    await utimes(opened.path, seconds, seconds);
    const [entry] = await listAll(opened.unit, 'bucket');
    const { modifiedAtMs } = await opened.unit.head({ bucket: 'bucket', key: 'a' });
    expect(entry?.modifiedAtMs).toBe(modifiedAtMs);
  }
});

test.each([
  ['grows', (path: string) => appendFile(path, 'x')],
  ['is cut after the range', (path: string) => truncate(path, 1_500_000)],
  ['is cut within the range', (path: string) => truncate(path, 500_000)],
  ['is removed', (path: string) => rm(path)],
])('a range of a file that %s while it is read is an error', async (_, change) => {
  await using opened = await openUnit(new Uint8Array(2_000_000));
  const range = { start: 10, end: 1_000_000, of: await versionIn(opened.unit, 'a') };
  const { body } = await opened.unit.get({ bucket: 'bucket', key: 'a', range });
  const reading = (async () => {
    let isFirst = true;
    for await (const _piece of body) {
      if (isFirst) await change(opened.path);
      isFirst = false;
    }
  })();
  const error = await expectCode('changed_while_read', reading);
  expect(error.message).toContain('"a" in bucket "bucket"');
});
