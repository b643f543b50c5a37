import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { chainContext } from '../../../testing/chain-context.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { seededBytes } from '../../../testing/seeded-bytes.ts';
import {
  grainBytes,
  syncItemOfVmdk,
  type VmdkKind,
  type VmdkPlan,
  volumeOf,
  type WrittenVmdk,
  writeVmdk,
} from '../../../testing/vmdk-writer.ts';
import { volumesOf } from '../../data.ts';
import { openChain } from '../../examiner.ts';
import { replayChain } from '../../replay/replay-chain.ts';

const bucketName = 'backups';
const { signal } = new AbortController();
const grain = (seed: string) => seededBytes(seed, grainBytes);
const plan: Omit<VmdkPlan, 'kind'> = {
  ...{ folder: 'vm/', name: 'db', extentGrains: [400], contentId: 1, parent: null },
  grains: new Map([0, 1, 2, 130, 131, 300, 399].map((number) => [number, grain(`full ${number}`)])),
};
/** Of the grains that it stores, one is of zeros, and hides that of the parent. */
const childPlan: Omit<VmdkPlan, 'kind'> = {
  ...{ ...plan, name: 'db-000001', contentId: 2, parent: { name: 'db.vmdk', contentId: 1 } },
  grains: new Map([
    [1, grain('child 1')],
    [2, null],
    [250, grain('child 250')],
    [399, grain('child 399')],
  ]),
};

async function expand(leaf: WrittenVmdk, ...parents: readonly WrittenVmdk[]) {
  const objects = new Map([leaf, ...parents].flatMap((disk) => disk.objects));
  const storage = openMemoryStorageUnit(new Map([[bucketName, objects]]));
  const chain = await openChain(chainContext(storage, bucketName, [leaf.imagePath]));
  const data = await chain.openData(syncItemOfVmdk(leaf, bucketName));
  const volumes = data === null ? [] : volumesOf(data);
  const expanded: (string | null)[] = [];
  for (const { volume } of volumes) {
    expanded.push((await replayChain(volume, { storage, opening: null, sink: null, signal })).sha256);
  }
  return expanded;
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const kinds: readonly (readonly [VmdkKind, readonly number[]])[] = [
  ['monolithicSparse', [400]],
  ['streamOptimized', [400]],
  ['streamOptimized by qemu', [400]],
  ['monolithicFlat', [400]],
  ['twoGbMaxExtentSparse', [129, 171, 100]],
  ['twoGbMaxExtentFlat', [129, 171, 100]],
];

describe.each(kinds)('a %s disk', (kind, extentGrains) => {
  const full = writeVmdk({ ...plan, kind, extentGrains });

  test('expands to its volume', async () => {
    expect(await expand(full)).toEqual([sha256(volumeOf(plan))]);
  });

  test('is the parent of another one', async () => {
    const child = writeVmdk({ ...childPlan, kind: 'monolithicSparse' });
    expect(await expand(child, full)).toEqual([sha256(volumeOf(childPlan, volumeOf(plan)))]);
  });
});

test('a child that is larger than its parent has zeros after it', async () => {
  const larger = { ...childPlan, extentGrains: [500] };
  const child = writeVmdk({ ...larger, kind: 'streamOptimized by qemu' });
  const parent = writeVmdk({ ...plan, kind: 'monolithicFlat' });
  expect(await expand(child, parent)).toEqual([sha256(volumeOf(larger, volumeOf(plan)))]);
});

test('grains that cannot be compressed may be longer than their plain bytes', async () => {
  const random = { ...plan, extentGrains: [3], grains: new Map([[1, grain('random')]]) };
  expect(await expand(writeVmdk({ ...random, kind: 'streamOptimized' }))).toEqual([sha256(volumeOf(random))]);
});

test('a disk whose tables are not read expands to nothing', async () => {
  expect(await expand(writeVmdk({ ...plan, kind: 'vmfsSparse' }))).toEqual([]);
});
