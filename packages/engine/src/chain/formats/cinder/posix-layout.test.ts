import { describe, expect, test } from 'vitest';
import { countRequests } from '../../../storage/counted-storage-unit.ts';
import { openFilesystemStorageUnit } from '../../../storage/filesystem/filesystem-storage-unit.ts';
import type { WrittenBackup } from '../../../testing/cinder-writer.ts';
import { examineBackups } from '../../../testing/examine-backups.ts';
import { syncItemOf, writeSmallChain } from '../../../testing/small-chain.ts';
import { makeTestBuckets } from '../../../testing/test-buckets.ts';
import { chainRootOf } from '../chain-root.ts';
import { parseCinderKey } from './image-path.ts';

const bucketName = 'backups';
const changes = [[0, 1, 9], [], [15]];

async function store(backups: readonly WrittenBackup[], place = '') {
  const buckets = await makeTestBuckets();
  for (const { objects } of backups) {
    await buckets.put(
      bucketName,
      [...objects].map(([key, bytes]) => [`${place}${key}`, bytes] as const),
    );
  }
  const unit = await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory });
  return { buckets, ...countRequests(unit), [Symbol.asyncDispose]: () => buckets[Symbol.asyncDispose]() };
}

describe('a chain of the posix driver', () => {
  test.each([
    ['in its default folders', { layout: 'posix' }, ''],
    ['in its default folders, below another', { layout: 'posix' }, 'nfs/share/'],
    ['from before 2017', { layout: 'early posix' }, ''],
    ['in a configured folder', { layout: 'posix', folder: 'nightly/web' }, ''],
  ] as const)('%s is proved to linkage in every link', async (_, layout, place) => {
    const chain = writeSmallChain('posix', 16, changes, layout);
    await using stored = await store(chain, place);
    for (const backup of chain) {
      const item = syncItemOf({ ...backup, imagePath: `${place}${backup.imagePath}` }, bucketName);
      const [examination] = await examineBackups(stored.unit, [item]);
      expect(examination).toMatchObject({ format: 'cinder', level: 'linkage', fault: null, limit: null });
    }
  });

  test('costs one listing for each default folder, but only one for a configured folder', async () => {
    for (const [layout, lists] of [
      [{ layout: 'posix' }, 4],
      [{ layout: 'posix', folder: 'nightly' }, 1],
    ] as const) {
      const chain = writeSmallChain('posix', 16, changes, layout);
      await using stored = await store(chain);
      await examineBackups(
        stored.unit,
        chain.slice(-1).map((backup) => syncItemOf(backup, bucketName)),
      );
      expect(stored.count()).toMatchObject({ lists, gets: 8 });
    }
  });

  test('finds a parent where the catalogue knows it, and reports one that is nowhere as missing', async () => {
    const [full, child] = writeSmallChain('posix', 16, [[3]], { layout: 'posix' });
    if (full === undefined || child === undefined) throw new Error('there are two backups');
    const item = syncItemOf(child, bucketName);
    await using stored = await store([child]);
    const [without] = await examineBackups(stored.unit, [item]);
    expect(without).toMatchObject({ level: null, fault: { code: 'parent_missing' } });
    await stored.buckets.put(
      'elsewhere',
      [...full.objects].map(([key, bytes]) => [`moved/${key.slice(key.lastIndexOf('/') + 1)}`, bytes] as const),
    );
    const imagePath = `moved/${full.imagePath.slice(full.imagePath.lastIndexOf('/') + 1)}`;
    const [found] = await examineBackups(stored.unit, [item], {
      locate: async () => [{ storageUnitId: 'here', bucketName: 'elsewhere', imagePath }],
    });
    expect(found).toMatchObject({ level: 'linkage', fault: null });
  });

  test('has a commit mark that can be seen while it is being written', async () => {
    const [full] = writeSmallChain('posix', 16, [], { layout: 'posix' });
    if (full === undefined) throw new Error('there is a backup');
    const key = `${full.imagePath}_metadata`;
    await using stored = await store([full]);
    const writtenAtMs = Date.UTC(2026, 2, 1);
    await stored.buckets.put(
      bucketName,
      [[key, (full.objects.get(key) ?? new Uint8Array()).slice(0, 200)]],
      writtenAtMs,
    );
    const item = syncItemOf(full, bucketName);
    for (const [minutes, code] of [
      [14, 'incomplete'],
      [16, 'metadata_unreadable'],
    ] as const) {
      const [one] = await examineBackups(stored.unit, [item], { nowMs: () => writtenAtMs + minutes * 60_000 });
      expect(one).toMatchObject({ level: null, fault: { code } });
    }
  });

  test('is broken if an object is missing, or named by its whole key', async () => {
    const [full] = writeSmallChain('posix', 16, [], { layout: 'posix' });
    if (full === undefined) throw new Error('there is a backup');
    await using stored = await store([full]);
    const item = syncItemOf(full, bucketName);
    await stored.buckets.remove(bucketName, `${full.imagePath}-00002`);
    const [missing] = await examineBackups(stored.unit, [item]);
    expect(missing).toMatchObject({ level: 'metadata', fault: { code: 'object_missing' } });
    const key = `${full.imagePath}_metadata`;
    const text = Buffer.from(full.objects.get(key) ?? []).toString();
    await stored.buckets.put(bucketName, [
      [key, text.replaceAll(`"volume_${full.plan.volumeId}`, `"elsewhere/volume_${full.plan.volumeId}`)],
    ]);
    const [foreign] = await examineBackups(stored.unit, [item]);
    expect(foreign).toMatchObject({ level: null, fault: { code: 'identity_mismatch' } });
  });
});

describe('keys of the posix layouts', () => {
  const id = '6fea9211-38a5-4ccc-8c5f-c8b61fb35442';
  const prefix = `volume_1_20260301020000_backup_${id}`;

  test.each([
    [`6f/ea/${id}/${prefix}_metadata`, `6f/ea/${id}/`, ''],
    [`share/6f/ea/${id}/${prefix}`, `share/6f/ea/${id}/`, 'share/'],
    [`00/ea/${id}/${prefix}`, `00/ea/${id}/volume_1_`, null],
    [`chosen/${prefix}-00001`, 'chosen/volume_1_', null],
    [prefix, 'volume_1_', null],
    [`6f/ea/${id}/backup_sha256file`, `6f/ea/${id}/`, ''],
  ])('%s is in the folder %s', (key, folder, defaultRoot) => {
    expect(parseCinderKey(key)).toMatchObject({ backupId: id, folder, defaultRoot });
  });

  test.each([['chosen/backup'], ['backup-00001'], [`6f/ea/${id}/backups`], [`00/ea/${id}/backup`]])(
    '%s is not one',
    (key) => {
      expect(parseCinderKey(key)).toBeNull();
      expect(chainRootOf(key)).toBe(key);
    },
  );
});
