import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DiskChoiceError, extractBackup } from '../chain/replay/extract-backup.ts';
import { syncItemOfQcow2, volumeOf, writeQcow2 } from '../testing/qcow2-writer.ts';
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

test('a backup whose volume expands to something else later is broken, until it is as before', async () => {
  await using engine = await openWithImages();
  await engine.verify('replay');
  const changed = Buffer.from(base.bytes);
  const at = base.data[0] ?? 0;
  changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
  await engine.buckets.put(bucket, [[base.imagePath, changed]]);
  for (const _ of ['once', 'and again']) {
    const broken = await engine.verify('replay');
    expect(broken).toMatchObject({ status: 'failed', reason: { code: 'content_mismatch' } });
    expect(broken.reason?.message).toContain(sha256);
    expect(await engine.show()).toMatchObject({
      status: 'error',
      backup_sync: { reason: { code: 'content_mismatch' } },
    });
  }
  await engine.buckets.put(bucket, [[base.imagePath, base.bytes]]);
  expect(await engine.verify('replay')).toMatchObject({ status: 'success' });
  expect(await engine.show()).toMatchObject({ status: 'available' });
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
