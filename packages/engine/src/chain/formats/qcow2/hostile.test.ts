import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFilesystemStorageUnit } from '../../../storage/filesystem/filesystem-storage-unit.ts';
import { examineBackups } from '../../../testing/examine-backups.ts';
import { injectFault } from '../../../testing/faulty-storage-unit.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { proveAllLevels } from '../../../testing/prove-all-levels.ts';
import { type Qcow2Plan, syncItemOfQcow2, type WrittenQcow2, writeQcow2 } from '../../../testing/qcow2-writer.ts';
import { makeTestBuckets } from '../../../testing/test-buckets.ts';
import { backingKeysOf } from './backing-name.ts';

const bucketName = 'backups';
const write = (plan: Partial<Qcow2Plan> = {}) =>
  writeQcow2({ seed: 'disk', imagePath: 'vm/disk.qcow2', clusters: ['stored', 'compressed'], ...plan });

/** What is found of the first image, and what it costs. */
async function prove(...images: readonly [WrittenQcow2, ...WrittenQcow2[]]) {
  const objects = new Map<string, Uint8Array>(images.map(({ imagePath, bytes }) => [imagePath, bytes]));
  const { unit, log } = injectFault(openMemoryStorageUnit(new Map([[bucketName, objects]])), null, 4);
  return { proof: await proveAllLevels(unit, syncItemOfQcow2(images[0], bucketName)), log };
}

test('images that are backing files of each other are a cycle', async () => {
  const name = (key: string) => ({ backing: { name: key, format: 'qcow2' }, imagePath: `vm/${key}` });
  const one = write({ ...name('two.qcow2'), imagePath: 'vm/one.qcow2' });
  const two = write({ ...name('one.qcow2'), imagePath: 'vm/two.qcow2' });
  expect((await prove(one, two)).proof).toMatchObject({ code: 'cycle' });
  expect((await prove(write(name('disk.qcow2')))).proof).toMatchObject({ code: 'cycle' });
});

test.each([
  ['../../../../etc/passwd', ['vm/images/passwd']],
  ['/etc/passwd', ['vm/images/passwd']],
  ['..', ['vm']],
  ['/', null],
  ['../../other-bucket/../x', ['x', 'vm/images/x']],
  ['a//b/./c', ['vm/images/a/b/c', 'vm/images/c']],
  ['json:[[[[', null],
  [`json:${'{"file":'.repeat(30)}{}${'}'.repeat(30)}`, null],
  ['json:{"driver":"http","filename":"http://host/x.qcow2"}', null],
  ['http://host/x.qcow2', null],
])('a backing file named %s is looked for only in the bucket', (name, keys) => {
  expect(backingKeysOf('vm/images/top.qcow2', name)).toEqual(keys);
});

test.each<readonly [string, number, bigint, 4 | 8]>([
  ['clusters of 4 GiB', 20, 32n, 4],
  ['clusters of 256 bytes', 20, 8n, 4],
  ['a disk that is larger than any number', 24, 0xffff_ffff_ffff_ffffn, 8],
  ['a disk that its first-level table cannot describe', 24, 1n << 50n, 8],
  ['a first-level table of 32 GiB', 36, 0xffff_ffffn, 4],
  ['a first-level table inside a cluster', 40, 1000n, 8],
  ['a name of a backing file in its header', 8, 8n, 8],
  ['a header of 4 GiB', 100, 0xffff_fff8n, 4],
  ['a table of counts at its beginning', 48, 0n, 8],
  ['counts of 2^40 bits', 96, 40n, 4],
  ['an encryption that does not exist', 32, 3n, 4],
])('an image with %s is refused from its first bytes', async (_, at, value, size) => {
  const image = write();
  if (size === 8) image.bytes.writeBigUInt64BE(value, at);
  else image.bytes.writeUInt32BE(Number(value), at);
  const { proof, log } = await prove(image);
  expect(proof).toMatchObject({ foundBy: 'metadata', level: null });
  expect(log.reads).toBe(1);
});

test('a name that is too long, has a NUL, or is not in the first cluster is refused', async () => {
  const named = write({ clusterBits: 12, backing: { name: 'base.qcow2', format: null } });
  for (const change of [
    (bytes: Buffer) => bytes.writeUInt32BE(1024, 16),
    (bytes: Buffer) => bytes.writeUInt32BE(0, 16),
    (bytes: Buffer) => bytes.writeUInt8(0, Number(bytes.readBigUInt64BE(8)) + 2),
    (bytes: Buffer) => bytes.writeBigUInt64BE(4090n, 8),
    (bytes: Buffer) => bytes.writeBigUInt64BE(1n << 60n, 8),
  ]) {
    const bytes = Buffer.from(named.bytes);
    change(bytes);
    expect((await prove({ ...named, bytes })).proof).toMatchObject({
      foundBy: 'metadata',
      code: 'metadata_unreadable',
    });
  }
});

test('extensions that do not end, or are longer than the header, are refused or end with it', async () => {
  const image = write({ clusterBits: 16, backing: { name: 'base.qcow2', format: 'qcow2' } });
  image.bytes.writeUInt32BE(0xffff_ff00, 116);
  expect((await prove(image)).proof).toMatchObject({ foundBy: 'metadata', code: 'metadata_unreadable' });
  const endless = write({ clusterBits: 16 });
  // Extensions without any bytes fill the cluster, so that a second, longer read is needed.
  for (let at = 112; at < 65_536; at += 8) endless.bytes.writeUInt32BE(1, at);
  const { proof, log } = await prove(endless);
  expect(proof).toEqual({ foundBy: null, code: null, level: 'linkage' });
  expect(log.reads).toBeLessThan(20);
});

test('many entries for one second-level table are refused before it is read', async () => {
  const image = write({ clusters: Array.from({ length: 64 * 64 }, (_, at) => (at === 0 ? 'stored' : 'nothing')) });
  for (let entry = 0; entry < 64; entry += 1)
    image.bytes.copy(image.bytes, image.l1 + entry * 8, image.l1, image.l1 + 8);
  const { proof, log } = await prove(image);
  expect(proof).toMatchObject({ foundBy: 'linkage', code: 'geometry' });
  expect(log.reads).toBe(2);
});

test.each(['deflate', 'zstd'] as const)('a bomb of %s ends at the size of a cluster', async (compression) => {
  const image = write({ compression, clusters: ['compressed'], clusterBits: 16 });
  const bomb = writeQcow2({ ...image.plan, clusterBits: 21 });
  const [place = 0, from = 0] = [image.data[0], bomb.data[0]];
  // Half of a cluster of 2 MiB is random, and longer than the whole image: take its compressible end only.
  expect(bomb.bytes.length).toBeGreaterThan(image.bytes.length);
  const frame = bomb.bytes.subarray(from, from + image.bytes.length - place);
  frame.copy(image.bytes, place);
  expect((await prove(image)).proof).toMatchObject({ foundBy: 'content', code: 'content_mismatch' });
});

test('an object with more clusters than can be remembered is proved without its tables, and the record says so', async () => {
  await using buckets = await makeTestBuckets();
  const image = write();
  await buckets.put(bucketName, [[image.imagePath, image.bytes]]);
  // Without data, that takes no room on the disk.
  await truncate(join(buckets.directory, bucketName, image.imagePath), 2 ** 38);
  await using storage = await openFilesystemStorageUnit({ id: 'sparse', directory: buckets.directory });
  const [examination] = await examineBackups(storage, [syncItemOfQcow2(image, bucketName)]);
  expect(examination).toMatchObject({
    ...{ level: 'inventory', fault: null, form: { ceiling: 'linkage' } },
    limit: expect.stringContaining(`${2 ** 29} clusters`),
  });
});

test('the name of a format that is longer than any is refused', async () => {
  const longer = (name: string) => write({ clusterBits: 12, backing: { name: 'base.qcow2', format: name } });
  expect((await prove(longer('x'.repeat(15)))).proof.code).toBe('parent_missing');
  expect((await prove(longer('x'.repeat(16)))).proof).toMatchObject({
    foundBy: 'metadata',
    code: 'metadata_unreadable',
  });
});
