import { appendFile, chmod, lstat, mkdir, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeBucketFiles } from '../../testing/bucket-files.ts';
import type { BucketContents } from '../storage-conformance.ts';
import { collect, expectCode, listAll, readAll } from '../storage-conformance.ts';
import { filesystemDriver } from './filesystem-driver.ts';
import { openFilesystemStorageUnit } from './filesystem-storage-unit.ts';

async function openOn(buckets: BucketContents) {
  const files = await makeBucketFiles(buckets);
  const unit = await openFilesystemStorageUnit({ id: 'files', directory: files.path });
  return { unit, path: files.path, [Symbol.asyncDispose]: () => files[Symbol.asyncDispose]() };
}

async function listKeys(unit: Parameters<typeof listAll>[0], prefix = ''): Promise<readonly string[]> {
  return (await listAll(unit, 'bucket', prefix)).map((entry) => entry.key);
}

/** Does something as another user than root, to whom permissions do not apply. */
async function withoutRoot<Result>(work: () => Promise<Result>): Promise<Result> {
  if (process.getuid?.() !== 0) return await work();
  const nobody = 65534;
  process.seteuid?.(nobody);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

test('a missing directory is unreachable, both on opening and later', async () => {
  await using files = await openOn({ bucket: { a: '' } });
  const missing = join(files.path, 'missing');
  const error = await expectCode('unreachable', openFilesystemStorageUnit({ id: 'files', directory: missing }));
  expect(error.message).toBe(`the directory ${JSON.stringify(missing)} does not exist; check that it is mounted`);

  await rename(files.path, `${files.path}-gone`);
  const later = await expectCode('unreachable', listAll(files.unit, 'bucket'));
  expect(later.message).toBe('the directory of buckets does not exist; check that it is mounted');
  await expectCode('unreachable', files.unit.get({ bucket: 'bucket', key: 'a' }));
  await expectCode('unreachable', files.unit.head({ bucket: 'bucket', key: 'a' }));
  await rename(`${files.path}-gone`, files.path);
  expect(await listKeys(files.unit)).toEqual(['a']);
});

test('the buckets of a directory are listed by name, without files', async () => {
  await using files = await openOn({ b: {}, c: {}, a: {} });
  await writeFile(join(files.path, 'file'), '');
  expect(await filesystemDriver.listBuckets?.(files.path)).toEqual(['a', 'b', 'c']);
  const missing = filesystemDriver.listBuckets?.(join(files.path, 'missing')) ?? Promise.resolve();
  await expectCode('unreachable', missing);
});

test('a file is not accepted as a storage unit', async () => {
  await using files = await openOn({ bucket: { a: '' } });
  const directory = join(files.path, 'bucket/a');
  await expectCode('unreachable', openFilesystemStorageUnit({ id: 'files', directory }));
});

test('a listing throws if its bucket disappears halfway', async () => {
  await using files = await openOn({ bucket: {} });
  const bucket = join(files.path, 'bucket');
  await Promise.all(Array.from({ length: 1001 }, (_, index) => writeFile(join(bucket, `a${index}`), '')));
  await mkdir(join(bucket, 'b'));
  await writeFile(join(bucket, 'b/c'), '');
  const read = async () => {
    for await (const page of files.unit.list({ bucket: 'bucket', prefix: '' })) {
      if (page.length === 1000) await rename(bucket, `${bucket}-gone`);
    }
  };
  await expectCode('bucket_not_found', read());

  // Another directory takes its place, as after an unmount.
  await rename(`${bucket}-gone`, bucket);
  const exchange = async () => {
    for await (const page of files.unit.list({ bucket: 'bucket', prefix: '' })) {
      if (page.length < 1000) continue;
      await rename(bucket, `${bucket}-gone`);
      await mkdir(bucket);
    }
  };
  await expectCode('unreachable', exchange());
});

test('objects and directories that vanish during a listing are left out', async () => {
  await using files = await openOn({ bucket: { 'z/a': '', 'z/b/c': '' } });
  const bucket = join(files.path, 'bucket');
  await Promise.all(Array.from({ length: 1001 }, (_, index) => writeFile(join(bucket, `a${1000 + index}`), '')));
  const keys: string[] = [];
  for await (const page of files.unit.list({ bucket: 'bucket', prefix: '' })) {
    keys.push(...page.map((entry) => entry.key));
    if (keys.length > 1000) continue;
    await rm(join(bucket, 'a2000'));
    await rm(join(bucket, 'z'), { recursive: true });
  }
  expect(keys).toHaveLength(1000);
  expect(keys).not.toContain('a2000');
});

test('a link within its bucket is followed, and one that leads out is not', async () => {
  await using files = await openOn({ bucket: { 'a/b': 'inside' }, other: { secret: 'outside', 'd/e': '' } });
  const bucket = join(files.path, 'bucket');
  await symlink('a/b', join(bucket, 'file'));
  await symlink('a', join(bucket, 'folder'));
  await symlink('../other/secret', join(bucket, 'stolen'));
  await symlink('../other', join(bucket, 'stolen-folder'));
  await symlink('nowhere', join(bucket, 'dangling'));
  await symlink('self', join(bucket, 'self'));
  await symlink('stolen', join(bucket, 'twice'));

  expect(await listKeys(files.unit)).toEqual(['a/b', 'file', 'folder/b']);
  expect(await listKeys(files.unit, 'folder/')).toEqual(['folder/b']);
  expect(await listKeys(files.unit, 'stolen-folder/')).toEqual([]);
  for (const key of ['file', 'folder/b']) {
    const content = await files.unit.get({ bucket: 'bucket', key });
    expect((await readAll(content.body)).toString()).toBe('inside');
  }
  for (const key of ['stolen', 'twice', 'stolen-folder/secret', 'stolen-folder/d/e']) {
    const error = await expectCode('access_denied', files.unit.get({ bucket: 'bucket', key }));
    expect(error.message).toContain('leads out of the bucket');
    await expectCode('access_denied', files.unit.head({ bucket: 'bucket', key }));
  }
  for (const key of ['dangling', 'self', 'folder', 'self/a']) {
    await expectCode('object_not_found', files.unit.get({ bucket: 'bucket', key }));
  }
});

test('circular links do not make a listing endless, and every prefix shows the same', async () => {
  await using files = await openOn({ bucket: { 'a/b/c': '', 'd/e': '' } });
  const bucket = join(files.path, 'bucket');
  await symlink('..', join(bucket, 'a/up'));
  await symlink('../d', join(bucket, 'a/to-d'));
  await symlink('../a/b', join(bucket, 'd/to-b'));
  const all = ['a/b/c', 'a/to-d/e', 'd/e', 'd/to-b/c'];
  expect(await listKeys(files.unit)).toEqual(all);
  for (const prefix of ['a/', 'a/to-d/', 'a/to-d/to-b/', 'a/up/', 'd/to-b/c']) {
    expect(await listKeys(files.unit, prefix)).toEqual(all.filter((key) => key.startsWith(prefix)));
  }
});

test('objects in directories that link to each other are listed once per link, not once per path', async () => {
  const depth = 12;
  const names = Array.from({ length: depth }, (_, index) => `d${String(index).padStart(2, '0')}`);
  await using files = await openOn({ bucket: Object.fromEntries(names.map((name) => [`${name}/x`, ''])) });
  for (const [index, name] of names.slice(0, -1).entries()) {
    const next = `../${names[index + 1]}`;
    for (const link of ['l', 'm']) await symlink(next, join(files.path, 'bucket', name, link));
  }
  const keys = await listKeys(files.unit);
  expect(keys).toHaveLength(depth + 2 * (depth - 1));
  for (const prefix of ['d03/', 'd03/l/', 'd03/l/m/']) {
    expect(await listKeys(files.unit, prefix)).toEqual(keys.filter((key) => key.startsWith(prefix)));
  }
});

test('a link next to the buckets is not a bucket', async () => {
  await using files = await openOn({ bucket: { a: '' } });
  await symlink('bucket', join(files.path, 'alias'));
  await writeFile(join(files.path, 'file'), '');
  await expectCode('bucket_not_found', listAll(files.unit, 'alias'));
  await expectCode('bucket_not_found', files.unit.get({ bucket: 'alias', key: 'a' }));
  await expectCode('bucket_not_found', listAll(files.unit, 'file'));
  await expectCode('bucket_not_found', listAll(files.unit, 'x'.repeat(255)));
});

test('objects are read below a link to the directory of buckets, wherever it leads by now', async () => {
  await using before = await openOn({ bucket: { a: 'before' } });
  await using after = await openOn({ bucket: { a: 'after' } });
  const link = `${before.path}-link`;
  await symlink(before.path, link);
  try {
    const unit = await openFilesystemStorageUnit({ id: 'files', directory: link });
    const read = async () => (await readAll((await unit.get({ bucket: 'bucket', key: 'a' })).body)).toString();
    expect(await read()).toBe('before');
    await rm(link);
    await symlink(after.path, link);
    expect(await read()).toBe('after');
  } finally {
    await rm(link);
  }
});

test('only regular files are objects', async () => {
  await using files = await openOn({ bucket: { 'folder/a': '' } });
  const socket = createServer().listen(join(files.path, 'bucket/socket'));
  await new Promise((resolve) => socket.once('listening', resolve));
  try {
    expect(await listKeys(files.unit)).toEqual(['folder/a']);
    for (const key of ['socket', 'folder']) {
      await expectCode('object_not_found', files.unit.get({ bucket: 'bucket', key }));
    }
  } finally {
    await new Promise((resolve) => socket.close(resolve));
  }
});

test.skipIf(process.seteuid === undefined)('unreadable objects are reported as denied, never left out', async () => {
  await using files = await openOn({ bucket: { 'closed/a': '', 'open/a': '' }, shut: { a: '' } });
  await chmod(files.path, 0o755);
  const closed = join(files.path, 'bucket/closed');
  const shut = join(files.path, 'shut');
  await chmod(closed, 0o000);
  await chmod(join(files.path, 'bucket/open/a'), 0o000);
  await chmod(shut, 0o000);
  try {
    await withoutRoot(async () => {
      await expectCode('access_denied', listAll(files.unit, 'bucket'));
      await expectCode('access_denied', listAll(files.unit, 'bucket', 'closed/'));
      await expectCode('access_denied', listAll(files.unit, 'shut'));
      await expectCode('access_denied', files.unit.get({ bucket: 'bucket', key: 'closed/a' }));
      await expectCode('access_denied', files.unit.get({ bucket: 'bucket', key: 'open/a' }));
      // Directories that cannot contain the prefix are not read.
      expect(await listKeys(files.unit, 'open/')).toEqual(['open/a']);
      expect(await listKeys(files.unit, 'op')).toEqual(['open/a']);
    });
  } finally {
    await chmod(closed, 0o755);
    await chmod(shut, 0o755);
  }
});

test('objects whose names no file can have are not found', async () => {
  await using files = await openOn({ bucket: { a: '' } });
  for (const key of ['x'.repeat(256), `${'x/'.repeat(3000)}x`, 'a/below']) {
    await expectCode('object_not_found', files.unit.get({ bucket: 'bucket', key }));
    await expectCode('object_not_found', files.unit.head({ bucket: 'bucket', key }));
    expect(await listKeys(files.unit, `${key}/`)).toEqual([]);
  }
});

test('a listing shows a file whose name is not UTF-8', async () => {
  await using files = await openOn({ bucket: { a: '' } });
  const name = Buffer.concat([Buffer.from(join(files.path, 'bucket/')), Buffer.from([0x61, 0xff])]);
  await writeFile(name, 'stray');
  if (!(await lstat(name)).isFile()) return;
  expect(await listAll(files.unit, 'bucket')).toMatchObject([{ key: 'a' }, { key: 'a\uFFFD', size: 5 }]);
  await expectCode('object_not_found', files.unit.get({ bucket: 'bucket', key: 'a\uFFFD' }));
});

test('reading throws if the file changes meanwhile', async () => {
  const size = 1_000_000;
  const changes: readonly [string, (path: string) => Promise<unknown>][] = [
    ['shrinks', (path) => truncate(path, 10)],
    ['grows', (path) => appendFile(path, 'more')],
    ['vanishes', (path) => rm(path)],
    ['is replaced', (path) => writeFile(`${path}-new`, 'new').then(() => rename(`${path}-new`, path))],
    ['is written to', (path) => utimes(path, 1, 1)],
  ];
  for (const [change, apply] of changes) {
    await using files = await openOn({ bucket: { a: new Uint8Array(size) } });
    const content = await files.unit.get({ bucket: 'bucket', key: 'a' });
    const read = async () => {
      let chunks = 0;
      for await (const _ of content.body) {
        chunks += 1;
        if (chunks === 1) await apply(join(files.path, 'bucket/a'));
      }
    };
    const error = await expectCode('unreachable', read());
    expect(error.message, change).toMatch(/ended after|was changed or removed/);
  }
});

test('an aborted listing stops between two pages', async () => {
  const objects = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`a${index}`, '']));
  await using files = await openOn({ bucket: objects });
  const controller = new AbortController();
  const reason = new Error('stopped by the test');
  const pages = files.unit.list({ bucket: 'bucket', prefix: '', signal: controller.signal });
  const read = async () => {
    for await (const page of pages) if (page.length > 0) controller.abort(reason);
  };
  await expect(read()).rejects.toBe(reason);
  expect(await collect(pages)).toEqual([]);
});

test('an object read with readsThrough comes whole and uses the memory of two pieces', async () => {
  const large = Buffer.from(Array.from({ length: 5_000_003 }, (_, at) => at % 251));
  await using files = await openOn({ bucket: { large } });
  const { body } = await files.unit.get({ bucket: 'bucket', key: 'large', readsThrough: true });
  const seen: Uint8Array[] = [];
  const memory = new Set<ArrayBufferLike>();
  for await (const piece of body) {
    seen.push(new Uint8Array(piece));
    memory.add(piece.buffer);
  }
  expect(Buffer.compare(Buffer.concat(seen), large)).toBe(0);
  expect(memory.size).toBe(2);
  const memoryBytes = [...memory].reduce((sum, { byteLength }) => sum + byteLength, 0);
  expect(memoryBytes).toBeLessThan(large.length / 8);
});

test('an object is read into memory that the reader gives', async () => {
  const large = Buffer.from(Array.from({ length: 1_000_003 }, (_, at) => at % 251));
  await using files = await openOn({ bucket: { large } });
  const memories = [new Uint8Array(300_000), new Uint8Array(300_000)] as const;
  // The second object is read into the memory of the first.
  for (let time = 0; time < 2; time += 1) {
    const { body } = await files.unit.get({ bucket: 'bucket', key: 'large', readsThrough: memories });
    const seen: Uint8Array[] = [];
    for await (const piece of body) {
      expect(memories.map(({ buffer }) => buffer)).toContain(piece.buffer);
      seen.push(new Uint8Array(piece));
    }
    expect(Buffer.compare(Buffer.concat(seen), large)).toBe(0);
  }
});
