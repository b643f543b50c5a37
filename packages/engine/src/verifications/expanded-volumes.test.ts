import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DiskChoiceError, extractBackup } from '../chain/replay/extract-backup.ts';
import { syncItemOfQcow2, volumeOf, type WrittenQcow2, writeQcow2 } from '../testing/qcow2-writer.ts';
import { openTestEngine } from '../testing/test-engine.ts';

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

test('an extraction writes the volume, says that it was not compared, and refuses a disk that is not there', async () => {
  await using engine = await openWithImages();
  const directory = await mkdtemp(join(tmpdir(), 'backup-sync-expanded-'));
  const path = join(directory, 'image.raw');
  const extract = (disk: string | null) =>
    extractBackup({
      ...{ storage: `file:${engine.buckets.directory}`, item, disk },
      grants: [{ project_id: 'p', storage_unit: 'default', bucket_name: bucket, prefix: '' }],
      locate: async () => [],
      recordedBuckets: async () => new Set(),
      output: { path, replace: false, onPartialReplaced: () => {} },
      signal: new AbortController().signal,
      onProgress: () => {},
    });
  try {
    await expect(extract('root')).rejects.toThrow(DiskChoiceError);
    expect(await extract(null)).toMatchObject({ fault: null, sha256, isCompared: false });
    expect((await readFile(path)).equals(volume)).toBe(true);
  } finally {
    await rm(directory, { recursive: true });
  }
});
