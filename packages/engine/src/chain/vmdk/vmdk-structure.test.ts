import { describe, expect, test } from 'vitest';
import { openMemoryStorageUnit } from '../../testing/memory-storage-unit.ts';
import { seededBytes } from '../../testing/seeded-bytes.ts';
import { grainBytes, type VmdkKind, type VmdkPlan, type WrittenVmdk, writeVmdk } from '../../testing/vmdk-writer.ts';
import type { ImageSource } from '../disk-image/image-source.ts';
import { ReadFault } from '../proof/read-fault.ts';
import { readVmdkImage } from './vmdk-image.ts';
import { proveStructure } from './vmdk-structure.ts';

const bucketName = 'backups';
const grain = (seed: number) => seededBytes(`grain ${seed}`, grainBytes);
/** Two tables of 128 grains, the second one with a single grain. */
const plan: Omit<VmdkPlan, 'kind'> = {
  ...{ folder: 'vm/', name: 'web', extentGrains: [200], contentId: 0x1a2b3c4d, parent: null },
  grains: new Map([0, 1, 5, 127, 199].map((number) => [number, grain(number)])),
};

/** Proves a disk in a bucket, or, with `before` bytes in front of its first file, in an archive. */
async function prove(objects: Iterable<readonly [string, Uint8Array]>, { before = 0 } = {}) {
  const bucket = new Map(objects);
  const [[imagePath, first] = ['', new Uint8Array()]] = bucket;
  bucket.set(imagePath, Buffer.concat([Buffer.alloc(before, 1), first, Buffer.alloc(before, 1)]));
  const storage = openMemoryStorageUnit(new Map([[bucketName, bucket]]));
  const { signal } = new AbortController();
  const nowMs = () => Date.UTC(2026, 10, 23);
  const context = { storage, bucketName, signal, nowMs };
  const find = async (key: string): Promise<ImageSource | null> => {
    for await (const page of storage.list({ bucket: bucketName, prefix: key })) {
      const entry = page.find((each) => each.key === key);
      if (entry !== undefined) return { entry, start: 0, bytes: entry.size };
    }
    return null;
  };
  const whole = await find(imagePath);
  if (whole === null) throw new Error('the first object is the disk');
  try {
    const image = await readVmdkImage(context, { entry: whole.entry, start: before, bytes: first.length });
    const folder = imagePath.slice(0, imagePath.lastIndexOf('/') + 1);
    const structure = await proveStructure(context, image, {
      find: (name) => find(`${folder}${name}`),
      upTo: 'linkage',
    });
    const { level, fault } = structure;
    return { level, code: fault?.code ?? null, volumeBytes: image.volumeBytes, ceiling: image.form.ceiling };
  } catch (error) {
    if (error instanceof ReadFault) return { level: null, code: error.fault.code };
    throw error;
  }
}

const kinds: readonly (readonly [VmdkKind, Partial<VmdkPlan>, string])[] = [
  ['monolithicSparse', {}, 'linkage'],
  ['streamOptimized', {}, 'linkage'],
  ['streamOptimized by qemu', {}, 'linkage'],
  ['twoGbMaxExtentSparse', { extentGrains: [130, 70] }, 'linkage'],
  ['monolithicFlat', {}, 'linkage'],
  ['twoGbMaxExtentFlat', { extentGrains: [130, 70] }, 'linkage'],
  ['vmfsSparse', {}, 'inventory'],
  ['seSparse', {}, 'inventory'],
];

test.each(kinds)('a whole %s disk', async (kind, more, level) => {
  const { objects } = writeVmdk({ ...plan, kind, ...more });
  const volumeBytes = 200 * grainBytes;
  expect(await prove(objects)).toEqual({ level, code: null, volumeBytes, ceiling: level });
});

test.each(['monolithicSparse', 'streamOptimized'] as const)('a whole %s disk inside an archive', async (kind) => {
  const { objects } = writeVmdk({ ...plan, kind });
  expect(await prove(objects, { before: 1536 })).toMatchObject({ level: 'linkage', code: null });
});

describe('a disk of one file that is cut', () => {
  test.each(['monolithicSparse', 'streamOptimized'] as const)('%s: by a byte', async (kind) => {
    const [[key, bytes] = ['', new Uint8Array()]] = writeVmdk({ ...plan, kind }).objects;
    expect(await prove([[key, bytes.subarray(0, -1)]])).toMatchObject({
      level: 'inventory',
      code: 'object_size_impossible',
    });
  });

  test('in the layout of qemu-img: only the zeros at the end may go', async () => {
    const [[key, bytes] = ['', new Uint8Array()]] = writeVmdk({ ...plan, kind: 'streamOptimized by qemu' }).objects;
    const padding = 4 * 512;
    expect(await prove([[key, bytes.subarray(0, -padding)]])).toMatchObject({ level: 'linkage', code: null });
    const cut = await prove([[key, bytes.subarray(0, -padding - 512)]]);
    expect(cut).toMatchObject({ level: 'inventory', code: 'object_size_impossible' });
  });
});

describe('places in tables', () => {
  const sparse = writeVmdk({ ...plan, kind: 'monolithicSparse' });
  const directoryAt = 21 * 512;
  const tableAt = 22 * 512;
  const patch = (written: WrittenVmdk, at: number, value: number): readonly (readonly [string, Uint8Array])[] => {
    const [[key, bytes] = ['', new Uint8Array()]] = written.objects;
    const patched = Buffer.from(bytes);
    patched.writeUInt32LE(value, at);
    return [[key, patched]];
  };
  test.each([
    ['a table beyond the end', directoryAt, 0xffff_ffff, 'object_size_impossible'],
    ['a table in the header', directoryAt, 2, 'geometry'],
    ['a table that two parts of the disk share', directoryAt + 4, 22, 'geometry'],
    ['a grain beyond the end', tableAt, 0xffff_ff00, 'object_size_impossible'],
    ['a grain in the header', tableAt, 3, 'geometry'],
    ['a grain that two places of the disk share', tableAt + 4, 24, 'geometry'],
    ['a directory beyond the end', 56, 0x7fff_ffff, 'object_size_impossible'],
    ['a directory in the header', 56, 1, 'geometry'],
  ] as const)('%s', async (_, at, value, code) => {
    expect(await prove(patch(sparse, at, value))).toMatchObject({ level: 'inventory', code });
  });

  test('zeros are no place', async () => {
    expect(await prove(patch(sparse, tableAt, 1))).toMatchObject({ level: 'linkage', code: null });
    expect(await prove(patch(sparse, directoryAt, 1))).toMatchObject({ level: 'linkage', code: null });
  });

  test('a compressed grain that is marked as another one', async () => {
    const stream = writeVmdk({ ...plan, kind: 'streamOptimized', grains: new Map([[3, grain(3)]]) });
    expect(await prove(patch(stream, 21 * 512, 8))).toMatchObject({ level: 'inventory', code: 'geometry' });
    // It would end beyond the file.
    expect(await prove(patch(stream, 21 * 512 + 8, 0xffff_ffff))).toMatchObject({ code: 'object_size_impossible' });
  });
});
