import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
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

/** What a scan finds. */
async function scan(objects: MemoryBucket) {
  const { unit, log } = injectFault(openMemoryStorageUnit(new Map([[bucketName, objects]])), null, 100);
  await using over = await scanOver(unit, bucketName);
  await over.run();
  expect(over.faults).toEqual([]);
  const found = (await over.findings()).map(({ state, image_path }) => `${state} ${image_path}`);
  return { found, reads: log.reads, lists: log.pages };
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
