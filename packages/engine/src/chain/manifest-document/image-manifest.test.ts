import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { examineBackups } from '../../testing/examine-backups.ts';
import { openMemoryStorageUnit } from '../../testing/memory-storage-unit.ts';
import { proveAllLevels } from '../../testing/prove-all-levels.ts';
import { type Qcow2Plan, volumeOf, writeQcow2 } from '../../testing/qcow2-writer.ts';
import { seededBytes } from '../../testing/seeded-bytes.ts';
import { grainBytes, type VmdkKind, type VmdkPlan, type WrittenVmdk, writeVmdk } from '../../testing/vmdk-writer.ts';
import { createManifest } from './create-manifest.ts';

const bucketName = 'backups';
const imagePath = 'vm-7/monday';
const write = (plan: Partial<Qcow2Plan> = {}) =>
  writeQcow2({
    ...{ seed: 'disk', imagePath: `${imagePath}/disk.qcow2` },
    clusters: ['stored', 'nothing', 'compressed', 'compressed', 'zeros', 'stored'],
    ...plan,
  });

/** Creates a manifest of files, and returns everything that is then uploaded. */
async function create(files: Readonly<Record<string, Uint8Array>>, blockBytes?: number) {
  const home = await mkdtemp(join(tmpdir(), 'backup-sync-images-'));
  try {
    const directory = join(home, 'monday');
    await mkdir(directory);
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(directory, name), bytes);
    const { header } = await createManifest({
      ...{ directory, output: directory, backup: { id: 'monday', name: 'monday' } },
      resource: { id: 'vm-7', type: 'OS::Native::Server' },
      ...(blockBytes !== undefined && { blockBytes }),
      signal: new AbortController().signal,
    });
    const objects = new Map<string, Uint8Array>();
    for (const name of [...Object.keys(files), 'block-hashes.bin', 'manifest.json']) {
      objects.set(`${imagePath}/${name}`, await readFile(join(directory, name)));
    }
    return { header, objects, storage: openMemoryStorageUnit(new Map([[bucketName, objects]])) };
  } finally {
    await rm(home, { recursive: true });
  }
}

const item = {
  ...{ backup_id: 'monday', backup_name: 'monday', bucket_name: bucketName, image_path: imagePath },
  ...{ resource_id: 'vm-7', resource_name: 'vm-7', resource_type: 'OS::Native::Server', created_at: 1_800_000_000 },
};

describe('a manifest next to a qcow2 image', () => {
  test.each<readonly [string, Partial<Qcow2Plan>]>([
    ['with small clusters', {}],
    ['compressed by zstd', { compression: 'zstd' }],
    ['with clusters larger than a block', { clusterBits: 17, clusters: ['stored', 'compressed', 'nothing'] }],
    ['with parts of clusters', { clusterBits: 14, clusters: [{ parts: { stored: 0xff, zeros: 0xff00 } }, 'stored'] }],
    ['whose disk ends inside a cluster', { size: 2700 }],
  ])('lifts one %s to replay', async (_, plan) => {
    const image = write(plan);
    const { header, storage } = await create({ 'disk.qcow2': image.bytes });
    expect(header.volume_size).toBe(volumeOf([image]).length);
    const [examination] = await examineBackups(storage, [item]);
    expect(examination).toMatchObject({
      ...{ format: 'manifest', level: 'linkage', fault: null, form: { ceiling: 'replay', gaps: [] } },
    });
    expect(await proveAllLevels(storage, item)).toEqual({ foundBy: null, code: null, level: 'linkage' });
  });

  test('shows what the format itself cannot show: a byte of data, and a cluster that is gone', async () => {
    const image = write();
    const { objects, storage } = await create({ 'disk.qcow2': image.bytes });
    const key = `${imagePath}/disk.qcow2`;
    const prove = async (change: (bytes: Buffer) => unknown) => {
      const bytes = Buffer.from(image.bytes);
      change(bytes);
      objects.set(key, bytes);
      return await proveAllLevels(storage, item);
    };
    const [data = 0, , , , , last = 0] = image.data;
    expect(await prove((bytes) => bytes.writeUInt8(bytes.readUInt8(data) ^ 1, data))).toMatchObject({
      ...{ foundBy: 'inventory', code: 'object_etag_mismatch' },
    });
    // Without an MD5 in the manifest, the bytes decide.
    const manifestKey = `${imagePath}/manifest.json`;
    const manifest = Buffer.from(objects.get(manifestKey) ?? []).toString();
    objects.set(manifestKey, Buffer.from(manifest.replace(/,"stored_md5":"[0-9a-f]+"/, '')));
    expect(await prove(() => {})).toMatchObject({ foundBy: null });
    expect(await prove((bytes) => bytes.writeUInt8(bytes.readUInt8(last) ^ 1, last))).toMatchObject({
      ...{ foundBy: 'content', code: 'content_mismatch' },
    });
    const entry = (image.l2[0] ?? 0) + 5 * 8;
    expect(await prove((bytes) => bytes.writeBigUInt64BE(0n, entry))).toMatchObject({
      ...{ foundBy: 'replay', code: 'content_mismatch' },
    });
    expect(await prove((bytes) => bytes.writeUInt32BE(1, 4))).toMatchObject({
      ...{ foundBy: 'content', code: 'version_unsupported' },
    });
  });

  test.each<readonly [string, Readonly<Record<string, Uint8Array>>, number | undefined, RegExp]>([
    [
      'needs a backing file',
      { 'a.qcow2': write({ backing: { name: 'b', format: null } }).bytes },
      undefined,
      /backing file.*qemu-img/,
    ],
    ['is encrypted', { 'a.qcow2': write({ crypt: 2 }).bytes }, undefined, /is encrypted/],
    ['is cut', { 'a.qcow2': write().bytes.subarray(0, -1) }, undefined, /a\.qcow2 has [\d,]+ bytes/],
    ['is not alone', { 'a.qcow2': write().bytes, b: write().bytes }, 512, /one image/],
    ['has clusters smaller than a block', { 'a.qcow2': write().bytes }, 4096, /block size.*512/],
  ])('is refused if the image %s', async (_, files, blockBytes, message) => {
    await expect(create(files, blockBytes)).rejects.toThrow(message);
  });
});

describe('a manifest next to a VMDK disk', () => {
  const disk = (kind: VmdkKind, extentGrains = [200], parent: VmdkPlan['parent'] = null) =>
    writeVmdk({
      ...{ folder: '', name: 'disk', kind, extentGrains, contentId: 1, parent },
      grains: new Map([0, 3, 130, 199].map((number) => [number, seededBytes(`grain ${number}`, grainBytes)])),
    });
  const filesOf = ({ objects }: WrittenVmdk) => Object.fromEntries(objects);

  test.each<readonly [VmdkKind, readonly number[]]>([
    ['monolithicSparse', [200]],
    ['streamOptimized', [200]],
    ['streamOptimized by qemu', [200]],
    ['monolithicFlat', [200]],
    ['twoGbMaxExtentFlat', [120, 80]],
  ])('lifts one of the kind %s to replay', async (kind, extentGrains) => {
    const written = disk(kind, [...extentGrains]);
    const { header, objects, storage } = await create(filesOf(written), grainBytes);
    // The descriptor of a flat disk is no part of its volume.
    if (written.objects.length > 1) objects.delete(`${imagePath}/${written.imagePath}`);
    expect(header.volume_size).toBe(200 * grainBytes);
    const [examination] = await examineBackups(storage, [item]);
    expect(examination).toMatchObject({
      ...{ format: 'manifest', level: 'linkage', fault: null, form: { ceiling: 'replay', gaps: [] } },
    });
    expect(await proveAllLevels(storage, item)).toEqual({ foundBy: null, code: null, level: 'linkage' });
  });

  test('shows a byte of data that has changed', async () => {
    const { objects, storage } = await create(filesOf(disk('monolithicSparse')));
    const manifestKey = `${imagePath}/manifest.json`;
    const manifest = Buffer.from(objects.get(manifestKey) ?? []).toString();
    objects.set(manifestKey, Buffer.from(manifest.replace(/,"stored_md5":"[0-9a-f]+"/, '')));
    expect(await proveAllLevels(storage, item)).toMatchObject({ foundBy: null });
    const key = `${imagePath}/disk.vmdk`;
    const bytes = Buffer.from(objects.get(key) ?? []);
    objects.set(key, Buffer.from(bytes.with(-1, (bytes.at(-1) ?? 0) ^ 1)));
    expect(await proveAllLevels(storage, item)).toMatchObject({ foundBy: 'content', code: 'content_mismatch' });
  });

  test.each<readonly [string, Readonly<Record<string, Uint8Array>>, RegExp]>([
    [
      'needs its parent',
      filesOf(disk('monolithicSparse', [200], { name: 'base.vmdk', contentId: 7 })),
      /needs its parent.*qemu-img convert -O vmdk/,
    ],
    ['is flat and needs its parent', filesOf(disk('monolithicFlat', [200], { name: 'b', contentId: 7 })), /its parent/],
    ['has several sparse files', filesOf(disk('twoGbMaxExtentSparse', [120, 80])), /not in whole flat files/],
    ['is not alone', { ...filesOf(disk('monolithicFlat')), other: Buffer.alloc(9) }, /other is not part of the disk/],
    [
      'is flat, and its extent is cut',
      { ...filesOf(disk('monolithicFlat')), 'disk-flat.vmdk': Buffer.alloc(512) },
      /needs a file disk-flat\.vmdk of 819200 bytes/,
    ],
  ])('is refused if the disk %s', async (_, files, message) => {
    await expect(create(files)).rejects.toThrow(message);
  });
});
