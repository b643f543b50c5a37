import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { beforeEach, expect, test } from 'vitest';
import type { Expansion } from '../catalogue/backup-records.ts';
import type { ChainData, NamedVolume, StoredObject, ZeroRun } from '../chain/data.ts';
import type { Form } from '../chain/proof/link.ts';
import { ReadFault } from '../chain/proof/read-fault.ts';
import { chainDigest } from '../imports/decide-sync.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { seededBytes } from '../testing/seeded-bytes.ts';
import { replayVolumes } from './replay-volumes.ts';

const bucketName = 'backups';
const clusterBytes = 4096;
const plain = seededBytes('base', 4 * clusterBytes);
const frames = [0, 1].map((cluster) => deflateRawSync(seededBytes(`overlay ${cluster}`, clusterBytes)));
const objects = new Map<string, Uint8Array>([
  ['base', Buffer.concat([Buffer.alloc(100), plain])],
  ['overlay', Buffer.concat([Buffer.alloc(50), ...frames])],
]);

const stored = { plainDigest: null, storedDigest: null, compression: 'none' } as const;
const etagOf = (key: string) =>
  createHash('md5')
    .update(objects.get(key) ?? '')
    .digest('hex');
const partOf = (key: string, start: number) => ({
  start,
  objectBytes: objects.get(key)?.length ?? 0,
  modifiedAtMs: 0,
});
const base: StoredObject = {
  ...{
    ...stored,
    key: 'base',
    etag: etagOf('base'),
    storedBytes: plain.length,
    part: partOf('base', 100),
    offset: 0,
    length: plain.length,
  },
};
const [first = Buffer.of(), second = Buffer.of()] = frames;
const overlay: StoredObject = {
  ...{ ...stored, key: 'overlay', etag: etagOf('overlay'), storedBytes: first.length + second.length },
  part: partOf('overlay', 50),
  ...{ offset: clusterBytes, length: 2 * clusterBytes },
  frames: {
    compression: 'deflate',
    plainBytes: clusterBytes,
    // The first place reaches into the second frame.
    places: Uint32Array.of(0, first.length + 40, first.length, first.length + second.length),
  },
};
const zeros: ZeroRun = { key: null, offset: 3 * clusterBytes, length: clusterBytes };

/** A disk whose links consist of these objects. */
function diskOf(disk: string | null, ...links: readonly (readonly (StoredObject | ZeroRun)[])[]): NamedVolume {
  return {
    disk,
    volume: {
      holesAreZeros: true,
      links: links.map((runs, index) => ({
        backupId: String(index),
        location: { storageUnitId: 'memory', bucketName, imagePath: '' },
        async *objects() {
          yield runs;
        },
        blocks: null,
        volumeBytes: 4 * clusterBytes,
      })),
    },
  };
}

const form: Form = { ceiling: 'content', gaps: [] };
const disks = [diskOf('root', [base]), diskOf('data', [base], [overlay, zeros])];
const expectedBytes = Buffer.concat([
  plain.subarray(0, clusterBytes),
  ...[0, 1].map((cluster) => seededBytes(`overlay ${cluster}`, clusterBytes)),
  new Uint8Array(clusterBytes),
]);
const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const expected = [
  { disk: 'root', size: plain.length, expanded_sha256: sha256Of(plain) },
  { disk: 'data', size: plain.length, expanded_sha256: sha256Of(expectedBytes) },
];

const reported: unknown[] = [];
beforeEach(() => void reported.splice(0));
const run = {
  storage: openMemoryStorageUnit(new Map([[bucketName, objects]])),
  signal: new AbortController().signal,
  report: (progress: unknown) => void reported.push(progress),
};
const listing = { digest: 'listed', fingerprint: '', objectCount: 1, storedBytes: 1, newestObjectAtMs: null };
const chain = { listing, ancestors: [] };
const replay = (data: ChainData, before: Expansion | null = null, of: Form = form) =>
  replayVolumes(run, { opening: null, threadCount: 1 }, data, { ...chain, form: of }, before);

test('expands each disk of a package: parts of objects, frames, and runs of zeros over earlier data', async () => {
  expect(await replay({ links: [], disks })).toEqual({
    fault: null,
    result: { kind: 'expanded', volumes: expected },
  });
  expect(reported.at(-1)).toMatchObject({ replayed_bytes: 4 * clusterBytes, volume_bytes: 4 * clusterBytes });
});

test('another value of the same chain is a fault that says both, and the same value is none', async () => {
  const before = { chainDigest: chainDigest(chain), volumes: expected };
  expect((await replay({ links: [], disks }, before))?.fault).toBeNull();
  expect((await replay({ links: [], disks }, { ...before, chainDigest: 'other' }))?.fault).toBeNull();
  const [root, data] = expected;
  if (root === undefined || data === undefined) throw new Error('there are two disks');
  const changed = { ...before, volumes: [root, { ...data, expanded_sha256: 'before' }] };
  const { fault } = (await replay({ links: [], disks }, changed)) ?? {};
  expect(fault).toMatchObject({ code: 'expansion_mismatch' });
  expect(fault?.detail).toContain(data.expanded_sha256);
  expect(fault?.detail).toMatch(/^disk data .* SHA-256 before$/);
  expect((await replay({ links: [], disks }, { ...changed, volumes: [root] }))?.fault?.detail).toContain('not there');
});

test('a fault names the disk', async () => {
  const broken = { ...base, etag: etagOf('overlay') };
  expect(await replay({ links: [], disks: [diskOf('root', [broken])] })).toMatchObject({
    fault: { code: 'changed_while_read', detail: expect.stringMatching(/^disk root: /) },
    result: null,
  });
});

test('the volume of a format with hashes is matched, and contents have no volume', async () => {
  const { links } = diskOf(null, [base]).volume;
  expect(await replay({ links }, null, { ceiling: 'replay', gaps: [] })).toMatchObject({
    result: { kind: 'matched', sha256: sha256Of(plain) },
  });
  expect(await replay({ links }, null, { ceiling: 'linkage', gaps: [] })).toMatchObject({
    result: { kind: 'expanded', volumes: [{ disk: null, expanded_sha256: sha256Of(plain) }] },
  });
  const contents = links.map((link) => ({ ...link, blocks: null, volumeBytes: null, async *objects() {} }));
  expect(await replay({ links: contents })).toBeNull();
});

test('a volume that nothing stores but claims to be huge is not expanded, and that is said', async () => {
  const empty = diskOf('root', []);
  const links = empty.volume.links.map((link) => ({ ...link, volumeBytes: 8 * 1024 ** 5 }));
  const huge = { ...empty, volume: { ...empty.volume, links } };
  expect(await replay({ links: [], disks: [huge] })).toEqual({
    ...{ fault: null, result: null },
    limit: expect.stringMatching(/^disk root was not expanded/),
  });
});

test('volumes of which nothing stores too much together are not expanded, however much others store', async () => {
  const emptyOf = (disk: string, volumeBytes: number) => {
    const { volume } = diskOf(disk, []);
    return { disk, volume: { ...volume, links: volume.links.map((link) => ({ ...link, volumeBytes })) } };
  };
  const stored = diskOf('stored', [{ ...base, length: 100 * 1024 ** 4 }]);
  const huge = [emptyOf('a', 10 * 1024 ** 4), emptyOf('b', 10 * 1024 ** 4)];
  expect(await replay({ links: [], disks: [stored, ...huge] })).toEqual({
    ...{ fault: null, result: null },
    limit: expect.stringMatching(/^its 3 disks were not expanded/),
  });
  expect(reported).toEqual([]);
});

test('a volume of several disks is expanded once', async () => {
  const [root] = disks;
  if (root === undefined) throw new Error('there is a disk');
  let opened = 0;
  const links = root.volume.links.map((link) => {
    const objects = () => {
      opened += 1;
      return link.objects();
    };
    return { ...link, objects };
  });
  const volume = { ...root.volume, links };
  const [of] = expected;
  await replay({ links: [], disks: [{ disk: 'a', volume }] });
  const once = opened;
  expect(await replay({ links: [], disks: ['a', 'b'].map((disk) => ({ disk, volume })) })).toMatchObject({
    result: {
      volumes: [
        { ...of, disk: 'a' },
        { ...of, disk: 'b' },
      ],
    },
  });
  expect(opened).toBe(2 * once);
});

test('a huge volume whose tables cannot be read is broken', async () => {
  const fault = { code: 'changed_while_read', detail: 'the image' } as const;
  const empty = diskOf('root', []);
  const links = empty.volume.links.map((link) => ({
    ...{ ...link, volumeBytes: 8 * 1024 ** 5 },
    async *objects(): AsyncGenerator<readonly StoredObject[]> {
      yield [];
      throw new ReadFault(fault, false);
    },
  }));
  const huge = { ...empty, volume: { ...empty.volume, links } };
  expect(await replay({ links: [], disks: [huge] })).toEqual({
    ...{ fault: { ...fault, detail: 'disk root: the image' }, result: null },
  });
});
