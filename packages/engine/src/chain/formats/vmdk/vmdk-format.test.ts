import { describe, expect, test } from 'vitest';
import { findCandidates } from '../../../scans/find-candidates.ts';
import { findNamedFiles } from '../../../scans/named-files.ts';
import { examineBackups, rememberProofs } from '../../../testing/examine-backups.ts';
import { injectFault } from '../../../testing/faulty-storage-unit.ts';
import { type MemoryBucket, openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { seededBytes } from '../../../testing/seeded-bytes.ts';
import {
  grainBytes,
  syncItemOfVmdk,
  type VmdkPlan,
  type WrittenVmdk,
  writeVmdk,
} from '../../../testing/vmdk-writer.ts';
import { noTrustedRoots } from '../../../trusted-roots.ts';
import { findOwner } from '../formats.ts';
import { idOfVmdk } from './vmdk-chain.ts';
import { vmdkFormat } from './vmdk-format.ts';

const bucketName = 'backups';
const { signal } = new AbortController();
const grains = new Map([0, 3, 200].map((number) => [number, seededBytes(`grain ${number}`, grainBytes)]));
const common: Omit<VmdkPlan, 'kind' | 'name'> = {
  ...{ folder: 'site/vm/', extentGrains: [400], contentId: 1, parent: null, grains },
};
const single = writeVmdk({ ...common, name: 'db', kind: 'monolithicSparse' });
const split = writeVmdk({ ...common, name: 'split', kind: 'twoGbMaxExtentSparse', extentGrains: [150, 250] });
const child = writeVmdk({
  ...{ ...common, name: 'db-000001', kind: 'streamOptimized', contentId: 2 },
  parent: { name: 'db.vmdk', contentId: 1 },
});

function unitWith(objects: MemoryBucket) {
  return openMemoryStorageUnit(new Map([[bucketName, objects]]));
}

const bucketWith = (...disks: readonly WrittenVmdk[]) => new Map(disks.flatMap(({ objects }) => objects));

async function scan(objects: MemoryBucket) {
  const unit = unitWith(objects);
  const headed: string[] = [];
  const head: typeof unit.head = (request) => {
    headed.push(request.key);
    return unit.head(request);
  };
  const storage = { ...unit, head };
  const found: string[] = [];
  const pages = storage.list({ bucket: bucketName, prefix: '' });
  for await (const { candidates } of findCandidates(pages, { prefix: '', formats: null, template: null })) {
    const named = await findNamedFiles({ storage, bucketName, signal }, candidates);
    const own = candidates.filter((each) => !named.has(each));
    found.push(...own.map(({ kind, format, imagePath }) => `${kind} ${format} ${imagePath}`));
  }
  return { found, headed };
}

const bucketOf = (keys: readonly string[]) => new Map(keys.map((key) => [key, Uint8Array.of(1)]));

test('a scan finds a disk once, whatever files it has', async () => {
  const extents = ['flat', 'delta', 'sesparse', 'ctk', 's001', 's002', 'f001', 'rdm', 'rdmp', 'pt'];
  const keys = ['vm/web.vmdk', ...extents.map((each) => `vm/web-${each}.vmdk`), 'vm/web-000001.vmdk', 'TOP.VMDK'];
  const { found } = await scan(bucketOf(keys));
  expect(found).toEqual(['committed vmdk TOP.VMDK', 'committed vmdk vm/web-000001.vmdk', 'committed vmdk vm/web.vmdk']);
  for (const each of extents) {
    expect(findOwner(`vm/web-${each}.vmdk`)).toMatchObject({ imagePath: 'vm/web.vmdk', isExact: true });
  }
});

describe('a file with the name of an extent', () => {
  const disk = writeVmdk({ ...common, name: 'web-s2019', kind: 'monolithicSparse' });
  const other = writeVmdk({ ...common, name: 'alt-delta', kind: 'monolithicFlat' });

  test('is a disk if there is no other with its name, and it has a descriptor', async () => {
    const objects = bucketWith(disk, other);
    const { found } = await scan(objects);
    expect(found).toEqual(['committed vmdk site/vm/alt-delta.vmdk', 'committed vmdk site/vm/web-s2019.vmdk']);
    for (const each of [disk, other]) {
      const [examination] = await examineBackups(unitWith(objects), [syncItemOfVmdk(each, bucketName)]);
      expect(examination).toMatchObject({ format: 'vmdk', level: 'linkage', fault: null });
    }
  });

  test('stays a disk once it is recorded', async () => {
    const objects = bucketWith(disk);
    const { remember, ...memory } = rememberProofs();
    const item = syncItemOfVmdk(disk, bucketName);
    remember(await examineBackups(unitWith(objects), [item], memory), [item]);
    objects.set('site/vm/web.vmdk', Buffer.alloc(9)).set(disk.imagePath, Buffer.alloc(9));
    const [broken] = await examineBackups(unitWith(objects), [item], memory);
    expect(broken).toMatchObject({ format: 'vmdk', fault: { code: 'metadata_unreadable' } });
  });

  const ofExtent = { ...syncItemOfVmdk(split, bucketName), image_path: 'site/vm/split-s001.vmdk' };
  const examineExtent = async (objects: MemoryBucket, nowMs = () => Date.UTC(2026, 3, 1)) => {
    const [examination] = await examineBackups(unitWith(objects), [ofExtent], { nowMs });
    const { fault, level, contradictsRequest } = examination ?? {};
    return { code: fault?.code, detail: fault?.detail, level, contradictsRequest };
  };

  test('is refused as part of its disk', async () => {
    expect(await examineExtent(bucketWith(split))).toEqual({
      code: 'path_not_a_backup',
      detail: 'backups/site/vm/split-s001.vmdk is part of site/vm/split.vmdk',
      ...{ level: null, contradictsRequest: true },
    });
  });

  test.each([
    ['is refused for its missing descriptor', Date.UTC(2026, 3, 1), 'metadata_unreadable'],
    ['is incomplete while it is young', Date.UTC(2026, 2, 1, 3, 1), 'incomplete'],
  ])('without a descriptor %s', async (_, nowMs, code) => {
    const objects = bucketWith(split);
    objects.delete(split.imagePath);
    expect(await examineExtent(objects, () => nowMs)).toEqual({
      code,
      detail: 'backups/site/vm/split-s001.vmdk is part of a disk whose descriptor site/vm/split.vmdk is not there',
      ...{ level: null, contradictsRequest: true },
    });
  });

  test('costs no request if others of its disk were asked for', async () => {
    const extents = Array.from({ length: 50 }, (_, index) => `vm/web-s${String(index + 1).padStart(3, '0')}.vmdk`);
    const { headed } = await scan(bucketOf([...extents, 'vm/web.vmdk']));
    expect(headed).toEqual(['vm/web.vmdk']);
  });
});

test.each(['vm/web.vmdk.lck', 'vm/.vmdk', 'vm/web.vmx', 'vmdk/notes.txt', 'vm/-flat.vmdk'])(
  'a scan takes %s for no disk',
  async (key) => {
    expect((await scan(bucketOf([key]))).found).toEqual([]);
  },
);

describe('a description', () => {
  const describeDisk = (objects: MemoryBucket, imagePath: string) =>
    vmdkFormat.describe({ storage: unitWith(objects), bucketName, signal }, imagePath);

  test('names the parent, and one resource for all disks of a chain', async () => {
    const objects = bucketWith(single, child);
    const [ofParent, ofChild] = [
      await describeDisk(objects, single.imagePath),
      await describeDisk(objects, child.imagePath),
    ];
    expect(ofParent).toMatchObject({
      originalName: 'db',
      resourceName: 'db',
      resourceType: 'VMware::Disk',
      parentBackupId: null,
    });
    expect(ofChild).toMatchObject({ originalName: 'db-000001', resourceName: 'db', parentBackupId: ofParent.backupId });
    expect(ofChild.resourceId).toBe(ofParent.resourceId);
    expect(ofParent.backupId).toBe(idOfVmdk(bucketName, 'site/vm/db.vmdk'));
    expect(ofParent.backupId).toMatch(/^db-[0-9a-f]{12}$/);
  });

  test('follows parents with names of their own', async () => {
    const clone = writeVmdk({
      ...common,
      name: 'clone',
      kind: 'monolithicSparse',
      parent: { name: 'db-000001.vmdk', contentId: 2 },
    });
    const described = await describeDisk(bucketWith(single, child, clone), clone.imagePath);
    expect(described).toMatchObject({ originalName: 'clone', resourceName: 'db' });
    const alone = await describeDisk(bucketWith(clone), clone.imagePath);
    expect(alone).toMatchObject({ resourceName: 'db' });
  });
});

describe('the requests of a sync', () => {
  const costOf = async (disk: WrittenVmdk, of: readonly WrittenVmdk[]) => {
    const { unit, log } = injectFault(unitWith(bucketWith(...of)), null, 100);
    const { remember, ...memory } = rememberProofs();
    const items = [syncItemOfVmdk(disk, bucketName)];
    const first = await examineBackups(unit, items, memory);
    const firstCost = { level: first[0]?.level, lists: log.pages, reads: log.reads };
    remember(first, items);
    const again = await examineBackups(unit, items, memory);
    expect(again[0]).toMatchObject({ level: first[0]?.level, newProofs: [] });
    return { ...firstCost, listsAgain: log.pages - firstCost.lists, readsAgain: log.reads - firstCost.reads };
  };
  test('a small disk of one file: its beginning has everything', async () => {
    const cost = { level: 'linkage', lists: 4, reads: 1, listsAgain: 2, readsAgain: 0 };
    expect(await costOf(single, [single])).toEqual(cost);
  });

  test('a disk of several files: the beginning of each', async () => {
    const cost = { level: 'linkage', lists: 4, reads: 3, listsAgain: 2, readsAgain: 0 };
    expect(await costOf(split, [split])).toEqual(cost);
  });

  test('a stream of VMware with its parent: footer and last grain too', async () => {
    const cost = { level: 'linkage', lists: 6, reads: 4, listsAgain: 4, readsAgain: 0 };
    expect(await costOf(child, [single, child])).toMatchObject({ ...cost, reads: expect.any(Number) });
  });

  test('a large disk: its tables are read together, and its descriptor cannot be a file of its own', async () => {
    const count = 40_000;
    const large = writeVmdk({
      ...{ ...common, name: 'large', kind: 'monolithicSparse', extentGrains: [count] },
      grains: new Map(Array.from({ length: 300 }, (_, index) => [index * 130, seededBytes(`${index}`, grainBytes)])),
    });
    const cost = { level: 'linkage', lists: 3, reads: 2, listsAgain: 1, readsAgain: 0 };
    expect(await costOf(large, [large])).toEqual(cost);
  });

  test('a plan leaves tables unread, and says how much they are', async () => {
    const [examination] = await examineBackups(unitWith(bucketWith(split)), [syncItemOfVmdk(split, bucketName)], {
      readHashes: false,
    });
    expect(examination).toMatchObject({ level: 'inventory', fault: null });
    expect(examination?.unreadHashes.map(({ objects }) => objects.map(({ key }) => key))).toEqual([
      ['site/vm/split-s001.vmdk', 'site/vm/split-s002.vmdk'],
    ]);
  });
});

describe('a run compares records with a listing', () => {
  const compare = async (
    disk: WrittenVmdk,
    change: (objects: MemoryBucket) => unknown,
    objects: MemoryBucket = bucketWith(disk),
  ) => {
    const storage = unitWith(objects);
    const [examination] = await examineBackups(storage, [syncItemOfVmdk(disk, bucketName)]);
    if (examination === null || examination === undefined) throw new Error('the disk is found');
    change(objects);
    const { imagePath } = disk;
    const comparison = vmdkFormat.compare(vmdkFormat.objectsPrefixOf(imagePath));
    const { listing, fault } = examination;
    comparison.expect({ backupId: 'x', imagePath, ...listing, shared: null, fault, verifiedAtMs: 0 });
    for await (const page of storage.list({ bucket: bucketName, prefix: imagePath })) {
      for (const entry of page) comparison.pass(entry);
    }
    const { unit, log } = injectFault(storage, null, 100);
    const likeness = (await comparison.finish({ storage: unit, bucketName, signal })).get('x');
    return { likeness, lists: log.pages };
  };
  const set = (key: string, bytes: Uint8Array) => (objects: MemoryBucket) => objects.set(key, bytes);
  const remove = (key: string) => (objects: MemoryBucket) => objects.delete(key);

  test.each([
    ['an unchanged file', single, () => {}, 'same', 0],
    ['an unchanged file with company', single, set('site/vm/db-ctk.vmdk', Buffer.alloc(1)), 'same', 0],
    ['another file', single, set('site/vm/db.vmdk', Buffer.alloc(9)), 'changed', 1],
    ['no file', single, remove('site/vm/db.vmdk'), 'absent', 0],
    ['unchanged extents', split, () => {}, 'same', 1],
    ['another extent', split, set('site/vm/split-s002.vmdk', Buffer.alloc(9)), 'changed', 1],
    ['no extent', split, remove('site/vm/split-s001.vmdk'), 'changed', 1],
    ['no descriptor', split, remove('site/vm/split.vmdk'), 'absent', 0],
  ] as const)('%s', async (_, disk, change, likeness, lists) => {
    expect(await compare(disk, change)).toEqual({ likeness, lists });
  });

  const alone = () => new Map(split.objects.filter(([key]) => key === split.imagePath));
  test.each([
    ['still no extents', () => {}, 'same'],
    ['extents that came after the descriptor', set('site/vm/split-s001.vmdk', Buffer.alloc(9)), 'changed'],
  ] as const)('%s', async (_, change, likeness) => {
    expect(await compare(split, change, alone())).toEqual({ likeness, lists: 1 });
  });
});

describe('a descriptor that is stored before the extents', () => {
  const flat = writeVmdk({ ...common, name: 'web', kind: 'twoGbMaxExtentFlat' });
  const item = syncItemOfVmdk(flat, bucketName);
  const [descriptor, extent] = flat.objects;
  if (descriptor === undefined || extent === undefined) throw new Error('the disk has two files');

  test.each(['web-f001', 'other'])('is proved once the extent %s is there', async (name) => {
    const text = Buffer.from(descriptor[1]).toString().replace('web-f001', name);
    const objects: MemoryBucket = new Map([[flat.imagePath, Buffer.from(text)]]);
    const storage = unitWith(objects);
    const { remember, ...memory } = rememberProofs();
    const early = await examineBackups(storage, [item], memory);
    expect(early[0]).toMatchObject({ level: 'metadata', fault: { code: 'object_missing' } });
    remember(early, [item]);
    objects.set(`site/vm/${name}.vmdk`, extent[1]);
    expect((await examineBackups(storage, [item], memory))[0]).toMatchObject({ level: 'linkage', fault: null });
  });

  test('is examined again if the record cannot show that the extent came', async () => {
    const text = Buffer.from(descriptor[1]).toString().replace('web-f001', 'other');
    const storage = unitWith(new Map([[flat.imagePath, Buffer.from(text)]]));
    const [examination] = await examineBackups(storage, [item]);
    expect(
      vmdkFormat.isOutdated({ checkVersion: 'vmdk/1', proof: examination?.newProofs[0] ?? null }, noTrustedRoots),
    ).toBe(true);
  });

  test('is incomplete while it is young', async () => {
    const storage = unitWith(new Map([descriptor]));
    const nowMs = () => Date.UTC(2026, 2, 1, 3, 1);
    const [examination] = await examineBackups(storage, [item], { nowMs });
    expect(examination).toMatchObject({ level: 'metadata', fault: { code: 'incomplete' } });
  });
});

describe('extents that are not named as their disk', () => {
  const written = writeVmdk({ ...common, name: 'web', kind: 'twoGbMaxExtentFlat' });
  const renamed = (): MemoryBucket => {
    const [[, descriptor] = ['', new Uint8Array()], [, flat] = ['', new Uint8Array()]] = written.objects;
    const text = Buffer.from(descriptor).toString().replace('web-f001', 'old-f001');
    return new Map([
      [written.imagePath, Buffer.from(text)],
      ['site/vm/old-f001.vmdk', flat],
    ]);
  };
  const item = syncItemOfVmdk(written, bucketName);

  test('are looked for again at each run', async () => {
    const objects = renamed();
    const storage = unitWith(objects);
    const { remember, ...memory } = rememberProofs();
    const first = await examineBackups(storage, [item], memory);
    expect(first[0]).toMatchObject({ level: 'linkage', fault: null, listing: { objectCount: 2 } });
    const [proof = null] = first[0]?.newProofs ?? [];
    expect(vmdkFormat.isOutdated({ checkVersion: 'vmdk/1', proof }, noTrustedRoots)).toBe(true);
    remember(first, [item]);
    expect((await examineBackups(storage, [item], memory))[0]).toMatchObject({ level: 'linkage', newProofs: [] });
    objects.delete('site/vm/old-f001.vmdk');
    const [lost] = await examineBackups(storage, [item], memory);
    expect(lost).toMatchObject({ level: 'metadata', fault: { code: 'object_missing' } });
  });

  test('of a parent are no reason to prove an unchanged child again', async () => {
    const child = writeVmdk({
      ...{ ...common, name: 'web-000001', kind: 'monolithicSparse', contentId: 2 },
      ...{ parent: { name: 'web.vmdk', contentId: 1 } },
    });
    const storage = unitWith(new Map([...renamed(), ...child.objects]));
    const { remember, ...memory } = rememberProofs();
    const items = [syncItemOfVmdk(child, bucketName)];
    const first = await examineBackups(storage, items, memory);
    expect(first[0]).toMatchObject({ level: 'linkage', newProofs: [{}, {}] });
    remember(first, items);
    expect((await examineBackups(storage, items, memory))[0]).toMatchObject({ level: 'linkage', newProofs: [] });
  });
});
