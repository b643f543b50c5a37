import { describe, expect, test } from 'vitest';
import { openFilesystemStorageUnit } from '../../../storage/filesystem/filesystem-storage-unit.ts';
import { pythonJson } from '../../../testing/python-text.ts';
import { writeSmallChain } from '../../../testing/small-chain.ts';
import { makeTestBuckets } from '../../../testing/test-buckets.ts';
import { cinderFormat } from './cinder-format.ts';
import { parsePythonDatetime } from './describe.ts';

const bucketName = 'backups';

async function describeMetadata(imagePath: string, metadata: Uint8Array | string) {
  await using buckets = await makeTestBuckets();
  await buckets.put(bucketName, [[`${imagePath}_metadata`, metadata]]);
  await using storage = await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory });
  return await cinderFormat.describe({ storage, bucketName, signal: new AbortController().signal }, imagePath);
}

describe('a backup that a scan has found', () => {
  test.each([
    ['of S3', {}],
    ['of posix', { layout: 'posix' }],
    ['of posix before 2017', { layout: 'early posix' }],
  ] as const)('%s is described as in its metadata', async (_, layout) => {
    const [full, child] = writeSmallChain('described', 8, [[1]], layout);
    if (full === undefined || child === undefined) throw new Error('there are two backups');
    const metadata = `${child.imagePath}_metadata`;
    for (const key of child.objects.keys()) {
      expect(cinderFormat.partOf(key)).toEqual({ imagePath: child.imagePath, markKey: metadata });
      expect(cinderFormat.partOf(`${key}.tmp`)).toBeNull();
    }
    expect(await describeMetadata(child.imagePath, child.objects.get(metadata) ?? '')).toEqual({
      backupId: child.plan.backupId,
      originalName: 'daily-1',
      resourceId: child.plan.volumeId,
      resourceName: child.plan.volumeId,
      resourceType: 'OS::Cinder::Volume',
      createdAtS: child.plan.takenAtMs / 1000,
      parentBackupId: full.plan.backupId,
    });
  });

  const imagePath = 'volume_1/20260301020304/az_nova_backup_6fea9211-38a5-4ccc-8c5f-c8b61fb35442';

  test('has the time in its path if its own is not a time', async () => {
    const metadata = pythonJson({ backup_id: 'b', volume_id: 'v', backup_name: null, created_at: 'None', objects: [] });
    expect(await describeMetadata(imagePath, metadata)).toMatchObject({
      originalName: null,
      createdAtS: Date.UTC(2026, 2, 1, 2, 3, 4) / 1000,
      parentBackupId: null,
    });
  });

  test.each([
    ['not JSON', '<x>'],
    ['a list', '[1]'],
    ['cut', '{"backup_id": "b"'],
    ['without an id', '{"volume_id": "v"}'],
    ['with an id longer than any real one', `{"volume_id": "v", "backup_id": "${'b'.repeat(256)}"}`],
    ['with a parent id that is not a UUID', '{"volume_id": "v", "backup_id": "b", "parent_id": "\\u001b[2J"}'],
  ])('cannot be described if its metadata is %s', async (_, metadata) => {
    await expect(describeMetadata(imagePath, metadata)).rejects.toMatchObject({
      name: 'ReadFault',
      fault: { code: 'metadata_unreadable' },
    });
  });
});

test.each([
  ['2026-03-01 02:00:00+00:00', { atMs: Date.UTC(2026, 2, 1, 2), hasZone: true }],
  ['2026-03-01 02:00:00', { atMs: Date.UTC(2026, 2, 1, 2), hasZone: false }],
  ['2026-03-01 02:00:00.123456', { atMs: Date.UTC(2026, 2, 1, 2, 0, 0, 123), hasZone: false }],
  ['2026-03-01T04:00:00.5+02:00', { atMs: Date.UTC(2026, 2, 1, 2, 0, 0, 500), hasZone: true }],
  ['2026-13-01 02:00:00', null],
  ['yesterday', null],
])('the Python datetime %j is %j', (text, time) => {
  expect(parsePythonDatetime(text)).toEqual(time);
});
