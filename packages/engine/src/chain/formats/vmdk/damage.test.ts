import { describe, expect, test } from 'vitest';
import { examineBackups } from '../../../testing/examine-backups.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { proveAllLevels } from '../../../testing/prove-all-levels.ts';
import { seededBytes } from '../../../testing/seeded-bytes.ts';
import { grainBytes, syncItemOfVmdk, type VmdkPlan, writeVmdk } from '../../../testing/vmdk-writer.ts';

const bucketName = 'backups';
const grains = (...numbers: readonly number[]) =>
  new Map(numbers.map((number) => [number, seededBytes(`grain ${number}`, grainBytes)]));
const common: Omit<VmdkPlan, 'kind' | 'name'> = {
  ...{ folder: 'vm/', extentGrains: [200], contentId: 0xa, parent: null },
  grains: grains(0, 1, 130, 199),
};
const flat = writeVmdk({ ...common, name: 'flat', kind: 'monolithicFlat' });
const split = writeVmdk({ ...common, name: 'split', kind: 'twoGbMaxExtentSparse', extentGrains: [120, 80] });
const sparse = writeVmdk({ ...common, name: 'db', kind: 'monolithicSparse' });
const stream = writeVmdk({ ...common, name: 'stream', kind: 'streamOptimized' });
const ofQemu = writeVmdk({ ...common, name: 'qemu', kind: 'streamOptimized by qemu' });
const child = writeVmdk({
  ...{ ...common, name: 'db-000001', kind: 'monolithicSparse', contentId: 0xb, grains: grains(1, 2) },
  parent: { name: 'db.vmdk', contentId: 0xa },
});
const cowd = writeVmdk({ ...common, name: 'cowd', kind: 'vmfsSparse' });
const disks = [flat, split, sparse, stream, ofQemu, child, cowd];

type Objects = Map<string, Uint8Array>;
type Damage = (objects: Objects) => unknown;

const remove = (key: string) => (objects: Objects) => objects.delete(key);
const change = (key: string, to: (bytes: Uint8Array) => Uint8Array) => (objects: Objects) =>
  objects.set(key, to(objects.get(key) ?? new Uint8Array()));
const cut = (key: string, bytes = 1) => change(key, (all) => all.subarray(0, -bytes));
const flip = (key: string, at: number) =>
  change(key, (bytes) => bytes.with(at < 0 ? bytes.length + at : at, (bytes.at(at) ?? 0) ^ 1));
const swap = (one: string, other: string) => (objects: Objects) => {
  const [first, second] = [objects.get(one), objects.get(other)];
  if (first === undefined || second === undefined) throw new Error('both are stored');
  objects.set(one, second).set(other, first);
};

function storageWith(damage: Damage) {
  const objects: Objects = new Map(disks.flatMap((disk) => disk.objects));
  damage(objects);
  return openMemoryStorageUnit(new Map([[bucketName, objects]]));
}

test.each(disks)('$imagePath is whole without damage', async (disk) => {
  const level = disk === cowd ? 'inventory' : 'linkage';
  const proof = await proveAllLevels(
    storageWith(() => {}),
    syncItemOfVmdk(disk, bucketName),
  );
  expect(proof).toEqual({ foundBy: null, code: null, level });
});

describe('damage is found', () => {
  test.each([
    ['a descriptor that is gone', flat, remove('vm/flat.vmdk'), 'presence', 'path_not_found'],
    ['a descriptor that is empty', flat, cut('vm/flat.vmdk', 10_000), 'metadata', 'metadata_unreadable'],
    [
      'a descriptor that is cut',
      flat,
      change('vm/flat.vmdk', (all) => all.subarray(0, 60)),
      'metadata',
      'metadata_unreadable',
    ],
    ['a flat extent that is gone', flat, remove('vm/flat-flat.vmdk'), 'inventory', 'object_missing'],
    ['a flat extent that is cut', flat, cut('vm/flat-flat.vmdk'), 'inventory', 'object_size_impossible'],
    [
      'a flat extent with a byte too many',
      flat,
      change('vm/flat-flat.vmdk', (all) => Buffer.concat([all, Buffer.alloc(1)])),
      'inventory',
      'object_size_impossible',
    ],
    ['a sparse extent that is gone', split, remove('vm/split-s002.vmdk'), 'inventory', 'object_missing'],
    ['a sparse extent that is empty', split, cut('vm/split-s002.vmdk', 1e6), 'inventory', 'object_size_impossible'],
    ['a sparse extent that is cut', split, cut('vm/split-s002.vmdk'), 'linkage', 'object_size_impossible'],
    ['two extents that are swapped', split, swap('vm/split-s001.vmdk', 'vm/split-s002.vmdk'), 'linkage', 'geometry'],
    [
      'a foreign object instead of an extent',
      split,
      change('vm/split-s001.vmdk', ({ length }) => seededBytes('foreign', length)),
      'linkage',
      'metadata_unreadable',
    ],
    ['a file that is cut', sparse, cut('vm/db.vmdk'), 'linkage', 'object_size_impossible'],
    [
      'a file that is cut in its tables',
      sparse,
      change('vm/db.vmdk', (all) => all.subarray(0, 22 * 512)),
      'linkage',
      'object_size_impossible',
    ],
    [
      'a file that is cut in its descriptor',
      sparse,
      change('vm/db.vmdk', (all) => all.subarray(0, 1000)),
      'metadata',
      'metadata_unreadable',
    ],
    [
      'a foreign object instead of a file',
      sparse,
      change('vm/db.vmdk', ({ length }) => seededBytes('foreign', length)),
      'metadata',
      'metadata_unreadable',
    ],
    [
      'a file that was transferred in text mode',
      sparse,
      change('vm/db.vmdk', (all) => Buffer.from(Buffer.from(all).toString('latin1').replace(/\n/g, '\r\n'), 'latin1')),
      'metadata',
      'metadata_unreadable',
    ],
    ['a stream without its end', stream, cut('vm/stream.vmdk', 512), 'linkage', 'object_size_impossible'],
    ['a byte of the end of a stream', stream, flip('vm/stream.vmdk', -512), 'linkage', 'object_size_impossible'],
    ['a byte of a compressed grain', stream, flip('vm/stream.vmdk', 21 * 512 + 40), 'content', 'content_mismatch'],
    [
      'a byte of a compressed grain in the layout of qemu-img',
      ofQemu,
      flip('vm/qemu.vmdk', 24 * 512 + 40),
      'content',
      'content_mismatch',
    ],
    ['a parent that is gone', child, remove('vm/db.vmdk'), 'metadata', 'parent_missing'],
    ['a parent that is cut', child, cut('vm/db.vmdk'), 'linkage', 'parent_broken'],
    [
      'a parent that is no disk',
      child,
      change('vm/db.vmdk', () => seededBytes('foreign', 4096)),
      'metadata',
      'parent_broken',
    ],
    ['a child that is cut', child, cut('vm/db-000001.vmdk'), 'linkage', 'object_size_impossible'],
    ['a delta that is gone', cowd, remove('vm/cowd-delta.vmdk'), 'inventory', 'object_missing'],
  ] as const)('%s', async (_, disk, damage, foundBy, code) => {
    const proof = await proveAllLevels(storageWith(damage), syncItemOfVmdk(disk, bucketName));
    expect(proof).toMatchObject({ foundBy, code });
  });

  test('a text-mode transfer is named', async () => {
    const damage = change('vm/db.vmdk', (all) => all.with(75, 10));
    const [examination] = await examineBackups(storageWith(damage), [syncItemOfVmdk(sparse, bucketName)]);
    expect(examination?.fault?.detail).toContain('transferred in text mode');
  });
});

test.each([
  ['plain data', sparse, flip('vm/db.vmdk', -1)],
  ['flat data', flat, flip('vm/flat-flat.vmdk', 0)],
] as const)('a flipped byte of %s cannot be seen, and the ceiling and the gap say so', async (_, disk, damage) => {
  const storage = storageWith(damage);
  const item = syncItemOfVmdk(disk, bucketName);
  expect(await proveAllLevels(storage, item)).toEqual({ foundBy: null, code: null, level: 'linkage' });
  const [examination] = await examineBackups(storage, [item]);
  expect(examination).toMatchObject({ form: { ceiling: 'linkage', gaps: ['no_digest'] } });
});
