import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { StorageError } from '../storage/port.ts';
import { injectFault } from '../testing/faulty-storage-unit.ts';
import { type MemoryBucket, openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { scanOver } from '../testing/scan-over.ts';
import { seededBytes } from '../testing/seeded-bytes.ts';
import { grainBytes, type VmdkKind, writeVmdk } from '../testing/vmdk-writer.ts';

const bucketName = 'backups';

/** A disk whose extents have names of their own: `data1.vmdk` and so on. */
function renamedDisk(kind: VmdkKind, folder = 'vm/', extentCount = 2): MemoryBucket {
  const grains = new Map([[0, seededBytes('grain', grainBytes)]]);
  const extentGrains = Array.from({ length: extentCount }, () => 4);
  const plan = { folder, name: 'disk', kind, extentGrains, contentId: 1, parent: null, grains };
  const [[key, descriptor] = ['', new Uint8Array()], ...extents] = writeVmdk(plan).objects;
  let text = Buffer.from(descriptor).toString();
  const objects: MemoryBucket = new Map();
  for (const [index, [extentKey, bytes]] of extents.entries()) {
    const name = `data${index + 1}.vmdk`;
    text = text.replace(extentKey.slice(folder.length), name);
    objects.set(`${folder}${name}`, bytes);
  }
  return objects.set(key, Buffer.from(text));
}

/** What a scan finds, if an object may not be read. */
async function scan(objects: MemoryBucket, deniedKey: string | null = null) {
  const stored = openMemoryStorageUnit(new Map([[bucketName, objects]]));
  const refuse = (key: string) => {
    if (key === deniedKey) throw new StorageError('access_denied', key);
  };
  const { unit, log } = injectFault(
    {
      ...stored,
      head: async (request) => refuse(request.key) ?? (await stored.head(request)),
      get: async (request) => refuse(request.key) ?? (await stored.get(request)),
    },
    null,
    100,
  );
  await using over = await scanOver(unit, bucketName);
  await over.run();
  expect(over.faults).toEqual([]);
  const findings = await over.findings();
  const found = findings.map(({ state, image_path }) => `${state} ${image_path}`);
  return { found, problems: findings.map(({ problem }) => problem?.message), reads: log.reads, lists: log.pages };
}

describe('an extent with a name of its own', () => {
  test.each(['twoGbMaxExtentFlat', 'twoGbMaxExtentSparse', 'vmfsSparse'] as const)(
    'belongs to the disk whose descriptor names it: %s',
    async (kind) => {
      expect((await scan(renamedDisk(kind))).found).toEqual(['new vm/disk.vmdk']);
      expect((await scan(renamedDisk(kind, ''))).found).toEqual(['new disk.vmdk']);
    },
  );

  test('is unreadable if no descriptor in its folder names it', async () => {
    const objects = renamedDisk('twoGbMaxExtentFlat');
    objects.set('vm/other.vmdk', seededBytes('other', 600)).delete('vm/disk.vmdk');
    for (const [key, bytes] of renamedDisk('twoGbMaxExtentFlat', 'vm/elsewhere/')) objects.set(key, bytes);
    expect((await scan(objects)).found).toEqual([
      'unreadable vm/data1.vmdk',
      'unreadable vm/data2.vmdk',
      'new vm/elsewhere/disk.vmdk',
      'unreadable vm/other.vmdk',
    ]);
  });

  test('costs at most one request more than a disk, and a listing once for all of its folder', async () => {
    const [few, many] = [renamedDisk('twoGbMaxExtentFlat', 'vm/', 2), renamedDisk('twoGbMaxExtentFlat', 'vm/', 40)];
    const [ofFew, ofMany] = [await scan(few), await scan(many)];
    expect(ofMany.found).toEqual(['new vm/disk.vmdk']);
    expect(ofMany.lists).toBe(ofFew.lists);
    // Each extent is read as a disk, by a HEAD and a GET, and once as what may be a descriptor.
    expect(ofMany.reads - ofFew.reads).toBe(3 * 38);
  });

  test('is looked for in at most 64 descriptors of its folder', async () => {
    const objects = renamedDisk('twoGbMaxExtentFlat');
    for (let index = 0; index < 100; index += 1) objects.set(`vm/a${index}.vmdk`, Buffer.from('no disk'));
    const { found, reads } = await scan(objects);
    expect(found).toContain('unreadable vm/data1.vmdk');
    expect(reads).toBe(2 * objects.size + 64);
  });
});

describe('extents whose descriptor is not there', () => {
  const grains = new Map([[0, seededBytes('grain', grainBytes)]]);
  const common = { folder: 'vm/', extentGrains: [4, 4], contentId: 1, parent: null, grains } as const;
  const split = writeVmdk({ ...common, name: 'web', kind: 'twoGbMaxExtentSparse' });
  const flat = writeVmdk({ ...common, name: 'log', kind: 'monolithicFlat', extentGrains: [4] });
  const objects: MemoryBucket = new Map([...split.objects, ...flat.objects]);

  test('are incomplete, and the reason names it', async () => {
    const lone = new Map(objects);
    for (const { imagePath } of [split, flat]) lone.delete(imagePath);
    const { found, problems } = await scan(lone);
    expect(found).toEqual(['log-flat', 'web-s001', 'web-s002'].map((name) => `incomplete vm/${name}.vmdk`));
    expect(problems[0]).toContain('vm/log-flat.vmdk is part of a disk whose descriptor vm/log.vmdk is not there');
  });

  test('are found with their disks once it is there', async () => {
    expect((await scan(objects)).found).toEqual(['new vm/log.vmdk', 'new vm/web.vmdk']);
  });

  test('belong to a disk that was renamed, if its descriptor names them', async () => {
    const renamed = new Map(objects);
    const [[, descriptor] = ['', new Uint8Array()]] = flat.objects;
    renamed.delete(flat.imagePath);
    renamed.set('vm/new.vmdk', descriptor);
    expect((await scan(renamed)).found).toEqual(['new vm/new.vmdk', 'new vm/web.vmdk']);
  });

  test('are no disks if their names are those of extents, unless they have a descriptor', async () => {
    const alone = writeVmdk({ ...common, name: 'web-s2019', kind: 'monolithicSparse', extentGrains: [4] });
    expect((await scan(new Map(alone.objects))).found).toEqual(['new vm/web-s2019.vmdk']);
  });

  test('are left to their disk if it is there but may not be read', async () => {
    const { found } = await scan(objects, flat.imagePath);
    expect(found).toEqual(['unreadable vm/log.vmdk', 'new vm/web.vmdk']);
  });

  test('cost a HEAD once a disk, and each a HEAD and a GET, and one more as what may be a descriptor', async () => {
    const reads = async (extentCount: number) => {
      const extentGrains = Array.from({ length: extentCount }, () => 4);
      const written = writeVmdk({ ...common, name: 'web', kind: 'twoGbMaxExtentSparse', extentGrains });
      return (await scan(new Map(written.objects.slice(1)))).reads;
    };
    expect(await reads(1)).toBe(1 + 3);
    expect(await reads(30)).toBe(1 + 30 * 3);
  });
});
