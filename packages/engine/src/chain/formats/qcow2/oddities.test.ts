import { describe, expect, test } from 'vitest';
import { chainContext } from '../../../testing/chain-context.ts';
import { examineBackups } from '../../../testing/examine-backups.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { proveAllLevels } from '../../../testing/prove-all-levels.ts';
import {
  type Qcow2Plan,
  syncItemOfQcow2,
  volumeOf,
  type WrittenQcow2,
  writeQcow2,
} from '../../../testing/qcow2-writer.ts';
import { seededBytes } from '../../../testing/seeded-bytes.ts';
import { volumesOf } from '../../data.ts';
import { openChain } from '../../examiner.ts';
import { replayChain } from '../../replay/replay-chain.ts';

const bucketName = 'backups';
const signal = new AbortController().signal;

const write = (plan: Partial<Qcow2Plan> = {}): WrittenQcow2 =>
  writeQcow2({
    seed: 'disk',
    imagePath: 'vm/disk.qcow2',
    clusters: ['stored', 'nothing', 'compressed', 'zeros'],
    ...plan,
  });
const overlayOn = (name: string, plan: Partial<Qcow2Plan> = {}, format: string | null = 'qcow2') =>
  write({
    seed: 'overlay',
    imagePath: 'vm/top.qcow2',
    backing: { name, format },
    clusters: ['nothing', 'stored'],
    ...plan,
  });

function bucketOf(images: readonly Pick<WrittenQcow2, 'imagePath' | 'bytes'>[]) {
  const objects = images.map(({ imagePath, bytes }): [string, Uint8Array] => [imagePath, bytes]);
  return openMemoryStorageUnit(new Map([[bucketName, new Map(objects)]]));
}

/** The level of a healthy image, and the bytes that its chain expands to. */
async function expand(images: readonly Pick<WrittenQcow2, 'imagePath' | 'bytes'>[], leaf: WrittenQcow2) {
  const storage = bucketOf(images);
  const item = syncItemOfQcow2(leaf, bucketName);
  const { level, ...proof } = await proveAllLevels(storage, item);
  expect(proof).toEqual({ foundBy: null, code: null });
  const chain = await openChain(chainContext(storage, bucketName, [item.image_path]));
  const data = await chain.openData(item);
  const [named] = data === null ? [] : volumesOf(data);
  const pieces: Uint8Array[] = [];
  if (named !== undefined) {
    const sink = { write: async (bytes: Uint8Array) => void pieces.push(Uint8Array.from(bytes)) };
    await replayChain(named.volume, { storage, opening: null, sink, signal });
  }
  return { level, bytes: named === undefined ? null : Buffer.concat(pieces) };
}

describe('a healthy image', () => {
  test.each<readonly [string, Partial<Qcow2Plan>]>([
    ['of version 2', { version: 2, clusters: ['stored', 'compressed', 'nothing'] }],
    ['compressed by zstd', { compression: 'zstd' }],
    ['with clusters of 2 MiB', { clusterBits: 21, clusters: ['compressed', 'stored'] }],
    [
      'with parts of clusters',
      {
        clusterBits: 14,
        clusters: [{ parts: { stored: 0x0000_ff0f, zeros: 0x8000_00f0 } }, 'compressed', 'stored', 'zeros'],
      },
    ],
    ['that was not closed, with counts that are written later', { incompatible: 1, compatible: 1 }],
    ['whose size is no multiple of its clusters', { clusters: ['zeros', 'compressed', 'stored'], size: 1100 }],
    ['whose last cluster is compressed and partly beyond its end', { clusters: ['stored', 'compressed'], size: 700 }],
    [
      'that ends inside the last sector of a compressed cluster',
      { clusters: ['stored', 'compressed'], endsInSector: true },
    ],
    [
      'that ends inside the last sector of a cluster compressed by zstd',
      { compression: 'zstd', clusterBits: 16, clusters: ['compressed', 'compressed'], endsInSector: true },
    ],
    ['with zeros that have a place', { clusters: ['zeros with a place', 'stored'] }],
    ['with a first-level table that is longer than needed', { moreL1Entries: 70 }],
    [
      'with several second-level tables',
      { clusters: Array.from({ length: 200 }, (_, at) => (at % 64 === 3 ? 'stored' : 'nothing')) },
    ],
    ['without any data', { clusters: ['nothing', 'nothing'] }],
    ['of no bytes', { clusters: [] }],
  ])('%s', async (_, plan) => {
    const image = write(plan);
    const { level, bytes } = await expand([image], image);
    expect(level).toBe('linkage');
    expect(bytes?.equals(volumeOf([image]))).toBe(true);
  });

  test('that was not closed says so', async () => {
    const image = write({ incompatible: 1 });
    const [examination] = await examineBackups(bucketOf([image]), [syncItemOfQcow2(image, bucketName)]);
    expect(examination).toMatchObject({ level: 'linkage', remark: expect.stringContaining('was not closed') });
  });

  test('whose first-level table ends the object before the end of its cluster, as a new overlay does', async () => {
    const base = write();
    const written = overlayOn('disk.qcow2', { clusters: ['nothing'] });
    const overlay = { ...written, bytes: written.bytes.subarray(0, written.l1 + 8) };
    const { level, bytes } = await expand([base, overlay], overlay);
    expect(level).toBe('inventory');
    expect(bytes?.equals(volumeOf([base, written]))).toBe(true);
  });

  test('that shares clusters with a snapshot inside it', async () => {
    const image = write({ clusters: ['stored', 'stored'] });
    const [table = 0] = image.l2;
    // The entries do not claim their clusters, and one cluster is used twice.
    for (const cluster of [0, 1]) image.bytes.writeBigUInt64BE(BigInt(image.data[0] ?? 0), table + cluster * 8);
    image.bytes.writeUInt32BE(1, 60);
    const { level, bytes } = await expand([image], image);
    expect(level).toBe('linkage');
    expect(bytes?.subarray(0, 512).equals(bytes.subarray(512))).toBe(true);
  });
});

describe('a backing file', () => {
  const base = write();
  const nested = write({ imagePath: 'images/base/disk.qcow2' });

  test.each<readonly [string, WrittenQcow2, string]>([
    ['next to the image', base, 'disk.qcow2'],
    ['next to the image, with a folder', base, './disk.qcow2'],
    ['in another folder', nested, '../images/base/disk.qcow2'],
    ['with the path of the machine', base, '/var/lib/libvirt/images/disk.qcow2'],
    ['with the path of a Windows machine', base, 'C:\\images\\disk.qcow2'],
    ['with a path that leads out of the bucket', base, '../../../etc/disk.qcow2'],
    ['with a protocol for files', base, 'file:///var/lib/disk.qcow2'],
    ['in JSON', base, 'json:{"driver":"qcow2","file":{"driver":"file","filename":"/images/disk.qcow2"}}'],
    ['in JSON with dots', base, 'json:{"driver":"qcow2","file.driver":"file","file.filename":"disk.qcow2"}'],
  ])('%s is found', async (_, parent, name) => {
    const overlay = overlayOn(name);
    const { level, bytes } = await expand([parent, overlay], overlay);
    expect(level).toBe('inventory');
    expect(bytes?.equals(volumeOf([base, overlay]))).toBe(true);
  });

  test.each(['nbd://host:10809/export', 'rbd:pool/image', 'json:{"driver":"nbd","host":"a"}', 'json:{'])(
    'that is no file (%s) is a limit, since nothing shows whether it is there',
    async (name) => {
      const overlay = overlayOn(name);
      const [examination] = await examineBackups(bucketOf([overlay]), [syncItemOfQcow2(overlay, bucketName)]);
      expect(examination).toMatchObject({
        ...{ level: 'metadata', fault: null, form: { ceiling: 'metadata', gaps: ['data_elsewhere'] } },
        limit: expect.stringContaining('no file'),
      });
      expect(await expand([overlay], overlay)).toEqual({ level: 'metadata', bytes: null });
    },
  );

  test('that is shorter is followed by zeros, and one that is longer is cut', async () => {
    for (const clusters of [8, 2]) {
      const overlay = overlayOn('disk.qcow2', { clusters: Array.from({ length: clusters }, () => 'nothing' as const) });
      const { bytes } = await expand([base, overlay], overlay);
      expect(bytes?.equals(volumeOf([base, overlay]))).toBe(true);
      expect(bytes).toHaveLength(clusters * 512);
    }
  });

  test('whose zeros are declared by the overlay is hidden by them', async () => {
    const overlay = overlayOn('disk.qcow2', { clusters: ['zeros', 'nothing', 'zeros', 'stored'] });
    const { bytes } = await expand([base, overlay], overlay);
    expect(bytes?.equals(volumeOf([base, overlay]))).toBe(true);
    expect(bytes?.subarray(0, 512).equals(new Uint8Array(512))).toBe(true);
  });

  test.each(['raw', null])('may be raw (the image says %s)', async (format) => {
    const raw = { imagePath: 'vm/disk.img', bytes: Buffer.from(seededBytes('raw', 1000)) };
    const overlay = overlayOn('disk.img', { clusters: ['nothing', 'nothing', 'stored'] }, format);
    const { level, bytes } = await expand([raw, overlay], overlay);
    expect(level).toBe('inventory');
    expect(bytes?.subarray(0, 1024).equals(Buffer.concat([raw.bytes, new Uint8Array(24)]))).toBe(true);
  });

  test.each<readonly [string | null, number, string]>([
    ['vdi', 0, ''],
    [null, 0, 'KDMV'],
    [null, 0, 'COWD'],
    [null, 0, '# Disk DescriptorFile\nversion=1\n'],
    [null, 0, 'vhdxfile'],
    [null, 0, 'conectix'],
    [null, 64, '\x7f\x10\xda\xbe'],
    [null, 0, 'QED\0'],
    [null, 0, 'WithoutFreeSpace'],
    [null, 0, 'LUKS\xba\xbe'],
    [null, 0, 'QFI\xfb\0\0\0\x01'],
  ])(
    'in a format that is not read is a limit (the image says %s, the file has at byte %i: %j)',
    async (format, at, text) => {
      const other = { imagePath: 'vm/disk.img', bytes: Buffer.from(seededBytes('other', 1000)) };
      other.bytes.write(text, at, 'latin1');
      const overlay = overlayOn('disk.img', {}, format);
      expect(await expand([other, overlay], overlay)).toEqual({ level: 'presence', bytes: null });
    },
  );
});

test.each<readonly [string, Partial<Qcow2Plan>, object]>([
  ['encrypted', { crypt: 2 }, { level: 'inventory', form: { ceiling: 'inventory', gaps: ['data_encrypted'] } }],
  [
    'encrypted in the old way',
    { crypt: 1 },
    { level: 'inventory', form: { ceiling: 'inventory', gaps: ['data_encrypted'] } },
  ],
  [
    'with its data in another file',
    { incompatible: 4 },
    { level: 'metadata', form: { ceiling: 'metadata', gaps: ['data_elsewhere'] } },
  ],
])('an image %s says what cannot be seen, and has no volume', async (_, plan, expected) => {
  const image = write(plan);
  const [examination] = await examineBackups(bucketOf([image]), [syncItemOfQcow2(image, bucketName)]);
  expect(examination).toMatchObject({ fault: null, limit: expect.any(String), ...expected });
  expect((await expand([image], image)).bytes).toBeNull();
});
