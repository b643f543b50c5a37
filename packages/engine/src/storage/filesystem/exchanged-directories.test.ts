import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeBucketFiles } from '../../testing/bucket-files.ts';
import { listPageEntriesMax, type ObjectEntry } from '../port.ts';
import { expectCode, listAll } from '../storage-conformance.ts';
import { BucketDirectory, openRoot } from './bucket-directory.ts';
import { openFilesystemStorageUnit } from './filesystem-storage-unit.ts';

const secret = 'of another project';
const isLinux = process.platform === 'linux';

/** A bucket, and another directory that its listings must not show. */
async function openBesideSecrets() {
  const files = await makeBucketFiles({ bucket: { 'z/object': '' }, other: {} });
  const unit = await openFilesystemStorageUnit({ id: 'files', directory: files.path });
  const [bucket, other] = [join(files.path, 'bucket'), join(files.path, 'other')];
  return { unit, bucket, other, path: files.path, [Symbol.asyncDispose]: () => files[Symbol.asyncDispose]() };
}

async function fill(directory: string, content: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const names = Array.from({ length: listPageEntriesMax + 1 }, (_, index) => `a${10_000 + index}`);
  for (const name of names) await writeFile(join(directory, name), content);
}

/** Replaces a directory by a link. */
async function exchange(directory: string, target: string): Promise<void> {
  await rename(directory, `${directory}-aside`);
  await symlink(target, directory);
}

describe.runIf(isLinux)('a directory that becomes a link during a listing never exposes the target of the link', () => {
  test('before it is entered', async () => {
    await using stand = await openBesideSecrets();
    const { unit, bucket, other } = stand;
    await fill(bucket, '');
    await writeFile(join(other, 'secret'), secret);
    const keys: string[] = [];
    const read = async () => {
      for await (const page of unit.list({ bucket: 'bucket', prefix: '' })) {
        if (keys.length === 0) await exchange(join(bucket, 'z'), other);
        keys.push(...page.map(({ key }) => key));
      }
    };
    const error = await expectCode('unreachable', read());
    expect(error.message).toContain('was replaced');
    expect(keys.filter((key) => key.startsWith('z/'))).toEqual([]);
  });

  test('before its objects are described', async () => {
    await using stand = await openBesideSecrets();
    const { unit, bucket, other } = stand;
    await fill(join(bucket, 'd'), '');
    await fill(other, secret);
    const entries: ObjectEntry[] = [];
    const read = async () => {
      for await (const page of unit.list({ bucket: 'bucket', prefix: '' })) {
        if (entries.length === 0) await exchange(join(bucket, 'd'), other);
        entries.push(...page);
      }
    };
    await expectCode('unreachable', read());
    expect(entries.filter(({ size }) => size > 0)).toEqual([]);
  });

  test('before one of its objects is requested', async () => {
    await using stand = await openBesideSecrets();
    const { bucket, other, path } = stand;
    await writeFile(join(other, 'object'), secret);
    const opened = await BucketDirectory.open(await openRoot(path), 'bucket');
    const found = await opened.resolve(`${opened.path}/z/object`);
    if (found === null) throw new Error('the object is there');
    expect((await opened.stat(found.path))?.size).toBe(0n);
    await exchange(join(bucket, 'z'), other);
    await expectCode('unreachable', opened.stat(found.path));
    await rm(join(bucket, 'z'));
    expect(await opened.stat(found.path)).toBeNull();
  });
});

test.runIf(isLinux)(
  'a listing keeps no directory open between pages, nor after it was left or has failed',
  async () => {
    await using stand = await openBesideSecrets();
    const { unit, bucket } = stand;
    for (const deep of ['a/b/c/d/e/f', 'g/h/i']) await fill(join(bucket, deep), '');
    const heldNow = async () => {
      const held = await readdir('/proc/self/fd');
      return held.length;
    };
    const before = await heldNow();
    for await (const _ of unit.list({ bucket: 'bucket', prefix: '' })) expect(await heldNow()).toBe(before);
    for await (const _ of unit.list({ bucket: 'bucket', prefix: '' })) break;
    const left = unit.list({ bucket: 'bucket', prefix: '' })[Symbol.asyncIterator]();
    await left.next();
    const aborted = new AbortController();
    const failing = unit.list({ bucket: 'bucket', prefix: '', signal: aborted.signal })[Symbol.asyncIterator]();
    await failing.next();
    aborted.abort(new Error('enough'));
    await expect(failing.next()).rejects.toThrow('enough');
    expect(await heldNow()).toBe(before);
  },
);

test('objects behind links are listed with the sizes of the files that the links lead to', async () => {
  await using stand = await openBesideSecrets();
  const { unit, bucket } = stand;
  await mkdir(join(bucket, 'target'));
  await writeFile(join(bucket, 'target/file'), 'content');
  await symlink('target/file', join(bucket, 'file'));
  await symlink('target', join(bucket, 'folder'));
  const sizes = (await listAll(unit, 'bucket')).map(({ key, size }) => [key, size]);
  expect(sizes).toEqual([
    ['file', 7],
    ['folder/file', 7],
    ['target/file', 7],
    ['z/object', 0],
  ]);
});
