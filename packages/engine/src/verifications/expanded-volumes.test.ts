import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DiskChoiceError, extractBackup } from '../chain/replay/extract-backup.ts';
import { syncItemOfQcow2, volumeOf, type WrittenQcow2, writeQcow2 } from '../testing/qcow2-writer.ts';
import { openTestEngine, type TestEngine } from '../testing/test-engine.ts';

const bucket = 'images';
const base = writeQcow2({
  seed: 'base',
  imagePath: 'vm/base.qcow2',
  clusters: ['stored', 'compressed', 'zeros', 'stored'],
});
const overlay = writeQcow2({
  ...{ seed: 'overlay', imagePath: 'vm/overlay.qcow2', backing: { name: 'base.qcow2', format: 'qcow2' } },
  clusters: ['nothing', 'stored', 'nothing', 'zeros'],
});
const volume = volumeOf([base, overlay]);
const sha256 = createHash('sha256').update(volume).digest('hex');
const item = syncItemOfQcow2(overlay, bucket);

async function openWithImages() {
  const engine = await openTestEngine();
  await engine.buckets.put(
    bucket,
    [base, overlay].map(({ imagePath, bytes }) => [imagePath, bytes] as const),
  );
  await engine.sync([syncItemOfQcow2(base, bucket), item]);
  const verify = async (level: 'content' | 'replay') => {
    const { operation_id } = await engine.call('verifyBackup', { backup_id: item.backup_id, level });
    return await engine.operationEnded(operation_id);
  };
  const show = async () => (await engine.call('showBackup', { backup_id: item.backup_id })).backup;
  return { ...engine, verify, show };
}

test('a replay of a format without hashes records what the volume expands to, and claims no higher level', async () => {
  await using engine = await openWithImages();
  const expanded = [{ disk: null, size: volume.length, expanded_sha256: sha256 }];
  expect(await engine.verify('content')).toMatchObject({
    status: 'success',
    result: { level: 'inventory', expanded: [] },
  });
  expect((await engine.show()).backup_sync.evidence.expanded).toEqual([]);
  expect(await engine.verify('replay')).toMatchObject({
    status: 'success',
    result: { level: 'inventory', links: 2, volume_bytes: volume.length, volume_sha256: null, expanded },
  });
  expect((await engine.show()).backup_sync).toMatchObject({
    ...{ level: 'inventory', ceiling: 'inventory', evidence: { volume_sha256: null, expanded } },
  });
  const [log] = await engine.sync([item]);
  expect(log).toMatchObject({ status: 'success', backup_sync: { outcome: 'unchanged' } });
  expect((await engine.show()).backup_sync.evidence.expanded).toEqual(expanded);
  expect(engine.faults).toEqual([]);
});

/** An image of the same structure with other data. */
function otherDataOf({ bytes, data }: Pick<WrittenQcow2, 'bytes' | 'data'>): Buffer {
  const changed = Buffer.from(bytes);
  const at = data.find((place) => place >= 0) ?? 0;
  changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
  return changed;
}

test('a backup whose volume expands to something else is broken until a replay gives what it gave before', async () => {
  await using engine = await openWithImages();
  await engine.verify('replay');
  // With the size and time that it had, as after bit rot.
  await engine.buckets.put(bucket, [[base.imagePath, otherDataOf(base)]]);
  const reason = { code: 'expansion_mismatch' };
  // Reading the data compares it with nothing, and a sync sees no change.
  for (const level of ['replay', 'content', 'sync', 'replay'] as const) {
    if (level === 'sync') {
      expect(await engine.sync([item])).toMatchObject([{ status: 'failed', backup_sync: { outcome: 'unchanged' } }]);
    } else {
      const broken = await engine.verify(level);
      expect(broken).toMatchObject({ status: 'failed', reason });
      expect(broken.reason?.message).toContain(sha256);
    }
    expect(await engine.show()).toMatchObject({ status: 'error', backup_sync: { reason } });
  }
  await engine.buckets.put(bucket, [[base.imagePath, base.bytes]]);
  expect(await engine.verify('replay')).toMatchObject({ status: 'success' });
  expect(await engine.show()).toMatchObject({ status: 'available' });
});

test.each([
  ['the image', overlay],
  ['its backing file', base],
])('what a backup expanded to is forgotten when %s is uploaded again', async (_, image) => {
  await using engine = await openWithImages();
  await engine.verify('replay');
  await engine.buckets.put(bucket, [[image.imagePath, otherDataOf(image)]], Date.UTC(2026, 2, 2));
  await engine.sync([syncItemOfQcow2(base, bucket), item]);
  expect(await engine.show()).toMatchObject({ status: 'available', backup_sync: { evidence: { expanded: [] } } });
  expect(await engine.verify('replay')).toMatchObject({ status: 'success' });
  const [volume] = (await engine.show()).backup_sync.evidence.expanded;
  expect(volume?.expanded_sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(volume?.expanded_sha256).not.toBe(sha256);
});

/** Extracts the volume of an image into a file. */
async function extract(
  { buckets }: TestEngine,
  image: WrittenQcow2,
  use: (extracted: Awaited<ReturnType<typeof extractBackup>>, written: Buffer | null) => void,
  disk: string | null = null,
) {
  const directory = await mkdtemp(join(tmpdir(), 'backup-sync-expanded-'));
  const path = join(directory, 'image.raw');
  try {
    const extracted = await extractBackup({
      ...{ storage: `file:${buckets.directory}`, item: syncItemOfQcow2(image, bucket), disk },
      grants: [{ project_id: 'p', storage_unit: 'default', bucket_name: bucket, prefix: '' }],
      locate: async () => [],
      recordedBuckets: async () => new Set(),
      output: { path, replace: false, onPartialReplaced: () => {} },
      signal: new AbortController().signal,
      onProgress: () => {},
    });
    use(extracted, await readFile(path).catch(() => null));
  } finally {
    await rm(directory, { recursive: true });
  }
}

test('an extraction writes the volume, says what was not compared, and refuses a disk that is not there', async () => {
  await using engine = await openWithImages();
  await expect(extract(engine, overlay, () => {}, 'root')).rejects.toThrow(DiskChoiceError);
  await extract(engine, overlay, (extracted, written) => {
    const limit = expect.stringContaining('only its name ties its backing file to it');
    expect(extracted).toMatchObject({ fault: null, sha256, isCompared: false, limit });
    expect(written?.equals(volume)).toBe(true);
  });
});

test('an extraction writes nothing from tables that a sync calls broken', async () => {
  await using engine = await openWithImages();
  const bytes = Buffer.from(base.bytes);
  const [table = 0] = base.l2;
  // Two clusters of the disk at one place.
  bytes.copy(bytes, table + 3 * 8, table, table + 8);
  await engine.buckets.put(bucket, [[base.imagePath, bytes]], Date.UTC(2026, 2, 2));
  for (const image of [base, overlay]) {
    const code = image === base ? 'geometry' : 'parent_broken';
    const [log] = await engine.sync([syncItemOfQcow2(image, bucket)]);
    expect(log).toMatchObject({ status: 'failed', backup_sync: { reason: { code } } });
    await extract(engine, image, (extracted, written) => {
      expect(extracted).toMatchObject({ fault: { code } });
      expect(written).toBeNull();
    });
  }
});

test('an extraction of a volume that cannot be read says why', async () => {
  await using engine = await openWithImages();
  const encrypted = writeQcow2({ seed: 'e', imagePath: 'vm/e.qcow2', clusters: ['stored'], crypt: 2 });
  await engine.buckets.put(bucket, [[encrypted.imagePath, encrypted.bytes]]);
  await extract(engine, encrypted, (extracted) => {
    expect(extracted).toEqual({ fault: { code: 'not_a_volume', detail: 'vm/e.qcow2: it is encrypted' } });
  });
});

test('an extraction writes nothing of a volume of which nothing stores more than can be expanded', async () => {
  await using engine = await openWithImages();
  // Such an image could claim a million times more, and fill the disk.
  const huge = writeQcow2({
    ...{ seed: 'huge', imagePath: 'vm/huge.qcow2', clusters: ['stored'] },
    ...{ size: 2 ** 45, clusterBits: 16, moreL1Entries: 2 ** 16 },
  });
  await engine.buckets.put(bucket, [[huge.imagePath, huge.bytes]]);
  await extract(engine, huge, (extracted, written) => {
    expect(extracted).toEqual({
      fault: {
        code: 'not_a_volume',
        detail: 'its volume was not expanded, since nothing stores more than 17,592,186,044,416 bytes of it',
      },
    });
    expect(written).toBeNull();
  });
});
