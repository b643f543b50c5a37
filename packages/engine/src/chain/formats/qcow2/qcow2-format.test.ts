import { expect, test } from 'vitest';
import { findCandidates } from '../../../scans/find-candidates.ts';
import { countRequests } from '../../../storage/counted-storage-unit.ts';
import { limitToGrants } from '../../../storage/granted-storage-unit.ts';
import type { ObjectEntry } from '../../../storage/port.ts';
import { collect } from '../../../storage/storage-conformance.ts';
import { examineBackups, rememberProofs } from '../../../testing/examine-backups.ts';
import { injectFault } from '../../../testing/faulty-storage-unit.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { type Qcow2Plan, syncItemOfQcow2, type WrittenQcow2, writeQcow2 } from '../../../testing/qcow2-writer.ts';
import { seededBytes } from '../../../testing/seeded-bytes.ts';
import { qcow2Format } from './qcow2-format.ts';

const bucketName = 'backups';
const clusterBytes = 65_536;
/** The usual size of clusters. */
const write = (name: string, plan: Partial<Qcow2Plan>) =>
  writeQcow2({ seed: name, imagePath: `vm/${name}.qcow2`, clusterBits: 16, clusters: ['stored'], ...plan });
const on = (name: string) => ({ backing: { name, format: 'qcow2' } });
const base = write('base', { clusters: Array.from({ length: 20 }, () => 'stored') });
const middle = write('middle', { ...on('base.qcow2'), clusters: ['nothing', 'stored'] });
const leaf = write('leaf', { ...on('/images/middle.qcow2'), clusters: ['stored', 'nothing'] });
const chain = [base, middle, leaf];

/** A bucket that counts requests. */
function bucketOf(images: readonly Pick<WrittenQcow2, 'imagePath' | 'bytes'>[]) {
  const objects = new Map(images.map(({ imagePath, bytes }): [string, Uint8Array] => [imagePath, bytes]));
  const bucket = openMemoryStorageUnit(new Map([[bucketName, objects]]));
  return { objects, ...injectFault(bucket, { at: 'read', number: 1, slow: true }, 2 ** 20) };
}

test.each([
  ['vm/disk.qcow2', ['committed qcow2 vm/disk.qcow2']],
  ['DISK.QCOW2', ['committed qcow2 DISK.QCOW2']],
  ['vm/.qcow2', []],
  ['vm/disk.qcow2.part', []],
  ['vm/disk.qcow2/notes', []],
])('a scan looks at the end of %s', async (key, expected) => {
  const pages = bucketOf([{ imagePath: key, bytes: Buffer.of(1) }]).unit.list({ bucket: bucketName, prefix: '' });
  const found: string[] = [];
  for await (const { candidates } of findCandidates(pages, { prefix: '', formats: ['qcow2'], template: null })) {
    found.push(...candidates.map(({ kind, format, imagePath }) => `${kind} ${format} ${imagePath}`));
  }
  expect(found).toEqual(expected);
});

test('all links of a chain are of one resource: the disk at its bottom', async () => {
  const { unit, objects } = bucketOf(chain);
  const context = { storage: unit, bucketName, signal: new AbortController().signal };
  const describeAll = () => Promise.all(chain.map(({ imagePath }) => qcow2Format.describe(context, imagePath)));
  const [ofBase, ofMiddle, ofLeaf] = await describeAll();
  expect(ofBase).toMatchObject({ originalName: 'base', resourceName: 'base', parentBackupId: null });
  expect(ofMiddle).toMatchObject({ resourceId: ofBase?.resourceId, parentBackupId: ofBase?.backupId });
  expect(ofLeaf).toMatchObject({ resourceId: ofBase?.resourceId, parentBackupId: ofMiddle?.backupId });
  // Even if the bottom is missing.
  objects.delete(base.imagePath);
  const again = await qcow2Format.describe(context, leaf.imagePath);
  expect(again).toMatchObject({ resourceId: ofBase?.resourceId, resourceName: 'base' });
  // A cycle has no bottom.
  objects.set(base.imagePath, write('base', on('leaf.qcow2')).bytes);
  expect((await qcow2Format.describe(context, leaf.imagePath)).parentBackupId).toBe(ofMiddle?.backupId);
});

test('a child whose backing file cannot be read is described, and its resource is that file', async () => {
  const { unit, objects } = bucketOf(chain);
  const context = () => ({ storage: unit, bucketName, signal: new AbortController().signal });
  const before = await qcow2Format.describe(context(), middle.imagePath);
  objects.set(base.imagePath, seededBytes('foreign', 100));
  expect(await qcow2Format.describe(context(), middle.imagePath)).toEqual(before);
  expect(await qcow2Format.describe(context(), leaf.imagePath)).toMatchObject({ resourceId: before.resourceId });
});

test('a child whose backing file is outside the grants of the project is described, and its proof says so', async () => {
  const outside = write('../other/base', {});
  const child = write('child', on('../other/base.qcow2'));
  const { unit } = bucketOf([{ ...outside, imagePath: 'other/base.qcow2' }, child]);
  const grant = { projectId: 'project', storageUnitId: unit.id, bucketName, prefix: 'vm/' };
  const storage = limitToGrants(unit, async () => [grant]);
  const context = { storage, bucketName, signal: new AbortController().signal };
  expect(await qcow2Format.describe(context, child.imagePath)).toMatchObject({
    resourceName: 'base',
    parentBackupId: expect.stringMatching(/^base-/),
  });
  const [examination] = await examineBackups(storage, [syncItemOfQcow2(child, bucketName)]);
  expect(examination).toMatchObject({
    level: 'presence',
    fault: { code: 'access_denied', detail: expect.stringContaining('other/base.qcow2') },
  });
});

test('describing a chain costs a GET for each listed image, and a HEAD for each backing file that is not listed', async () => {
  const names = Array.from({ length: 12 }, (_, at) => `link-${at}`);
  const links = names.map((name, at) => write(name, at === 0 ? {} : on(`link-${at - 1}.qcow2`)));
  const { unit, count } = countRequests(bucketOf(links).unit);
  const [entries = []] = await collect(unit.list({ bucket: bucketName, prefix: '' }));
  const describeAll = async (listed: readonly ObjectEntry[]) => {
    const context = { storage: unit, bucketName, signal: new AbortController().signal };
    const before = count().gets;
    const described = await Promise.all(listed.map((entry) => qcow2Format.describe(context, entry.key, entry)));
    expect(new Set(described.map(({ resourceName }) => resourceName))).toEqual(new Set(['link-0']));
    return count().gets - before;
  };
  expect(await describeAll(entries)).toBe(12);
  expect(await describeAll(entries.filter(({ key }) => key.endsWith('link-11.qcow2')))).toBe(12 + 11);
});

test('a sync reads a header and the tables, and an unchanged chain costs only its share of the listing', async () => {
  const { unit, log } = bucketOf(chain);
  const { remember, ...memory } = rememberProofs();
  const [item] = [syncItemOfQcow2(leaf, bucketName)];
  const first = await examineBackups(unit, [item], memory);
  expect(first[0]).toMatchObject({ level: 'inventory', fault: null });
  // One page of the folder, for packages that may reference the image.
  // Each image: a header, the first-level table and one second-level table.
  expect([log.pages, log.reads]).toEqual([4, 9]);
  remember(first, [item]);
  const [again] = await examineBackups(unit, [item], memory);
  expect(again).toMatchObject({ level: 'inventory', newProofs: [], fault: null, incremental: true });
  expect([log.pages, log.reads]).toEqual([7, 9]);
});

test('a child is proved again if its backing file changes', async () => {
  const { unit, objects } = bucketOf(chain);
  const { remember, ...memory } = rememberProofs();
  const items = [base, middle].map((image) => syncItemOfQcow2(image, bucketName));
  remember(await examineBackups(unit, items, memory), items);
  objects.set(base.imagePath, base.bytes.subarray(0, -1));
  const [, child] = await examineBackups(unit, items, memory);
  expect(child).toMatchObject({ fault: { code: 'parent_broken' } });
  objects.delete(base.imagePath);
  const [, orphan] = await examineBackups(unit, items, memory);
  expect(orphan).toMatchObject({ fault: { code: 'parent_missing' } });
});

test('children may read one file as raw and as an image, and each has what is proved of it as that', async () => {
  const cut = { ...base, bytes: base.bytes.subarray(0, -1) };
  const asRaw = write('as-raw', { backing: { name: 'base.qcow2', format: 'raw' }, clusters: ['nothing', 'stored'] });
  const { unit } = bucketOf([cut, middle, asRaw]);
  const items = [base, middle, asRaw].map((image) => syncItemOfQcow2(image, bucketName));
  const codes = ['object_size_impossible', 'parent_broken', undefined];
  for (const order of [items, items.toReversed()]) {
    const { remember, ...memory } = rememberProofs();
    const expected = order === items ? codes : codes.toReversed();
    for (const run of ['new', 'known']) {
      const examinations = await examineBackups(unit, order, memory);
      expect(
        examinations.map((examination) => examination?.fault?.code),
        run,
      ).toEqual(expected);
      remember(examinations, order);
    }
  }
});

test('a child whose backing file was missing is whole once that is there', async () => {
  const { unit, objects } = bucketOf([leaf, middle]);
  const { remember, ...memory } = rememberProofs();
  const items = [leaf, middle].map((image) => syncItemOfQcow2(image, bucketName));
  const missing = await examineBackups(unit, items, memory);
  expect(missing.map((examination) => examination?.fault?.code)).toEqual(['parent_broken', 'parent_missing']);
  remember(missing, items);
  objects.set(base.imagePath, base.bytes);
  expect(await examineBackups(unit, items, memory)).toMatchObject([
    { level: 'inventory', fault: null },
    { level: 'inventory', fault: null },
  ]);
});

test('tables near each other are read with one request', async () => {
  // With clusters of 512 bytes, a table describes 32 KiB. Without data between them, the tables follow each other.
  const tables = write('tables', {
    clusterBits: 9,
    clusters: Array.from({ length: 64 * 500 }, (_, at) => (at % 64 === 0 ? 'zeros' : 'nothing')),
  });
  const { unit, log } = bucketOf([tables]);
  const [examination] = await examineBackups(unit, [syncItemOfQcow2(tables, bucketName)]);
  expect(examination).toMatchObject({ level: 'linkage', fault: null });
  expect(log.reads).toBe(3);
});

test.each([
  [{ readHashes: false }, 'were not read'],
  [{ linkageMaxBytes: clusterBytes - 1 }, 'more than the limit'],
])(
  'a sync that must not read the tables (%j) says so, and the next one that may reads them',
  async (changes, limit) => {
    const { unit } = bucketOf(chain);
    const { remember, ...memory } = rememberProofs();
    const items = [base, leaf].map((image) => syncItemOfQcow2(image, bucketName));
    const limited = await examineBackups(unit, items, { ...memory, ...changes });
    expect(limited).toMatchObject([
      { level: 'inventory', fault: null, limit: expect.stringContaining(limit) },
      { level: 'metadata', fault: null, limit: expect.stringContaining(limit) },
    ]);
    if ('readHashes' in changes)
      expect(limited[0]?.unreadHashes).toMatchObject([{ objects: [{ bytes: clusterBytes }] }]);
    remember(limited, items);
    expect(await examineBackups(unit, items, memory)).toMatchObject([{ level: 'linkage' }, { level: 'inventory' }]);
  },
);
