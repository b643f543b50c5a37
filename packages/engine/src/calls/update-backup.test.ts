import type { BackupSync } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import type { WrittenBackup } from '../testing/cinder-writer.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { openTestEngine } from '../testing/test-engine.ts';

const bucket = 'volumebackups';
const [full, increment] = writeSmallChain('rename', 4, [[1]]) as [WrittenBackup, WrittenBackup];
const backup_id = full.plan.backupId;
const items = [full, increment].map((backup) => syncItemOf(backup, bucket));

async function start() {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await openTestEngine());
  for (const { objects } of [full, increment]) await world.buckets.put(bucket, objects);
  const owned = stack.move();
  const nameNow = async () => (await world.call('showBackup', { backup_id })).backup.name;
  return {
    ...world,
    nameNow,
    rename: (name: string) => world.call('updateBackup', { backup_id, backup: { name } }),
    async syncedName(changes: Partial<BackupSync> = {}) {
      const [log] = await world.sync(items.map((item) => ({ ...item, ...(item.backup_id === backup_id && changes) })));
      return [log?.backup_sync.outcome, await nameNow()];
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

test('a name set by a person stays while nightly requests repeat the previous name', async () => {
  await using world = await start();
  await world.sync(items);
  const before = (await world.call('showBackup', { backup_id })).backup;
  const { backup } = await world.rename('before the migration');
  expect(backup).toEqual({
    ...before,
    name: 'before the migration',
    version: before.version + 1,
    updated_at: backup.updated_at,
  });
  expect(await world.syncedName()).toEqual(['unchanged', 'before the migration']);
  expect(await world.syncedName()).toEqual(['unchanged', 'before the migration']);
  expect((await world.call('planSync', { sync: items })).plan.map(({ class: planned }) => planned)).toEqual([
    'same',
    'same',
  ]);
  // After two renames, only a name other than the first replaces it.
  await world.rename('keep permanently');
  expect(await world.syncedName()).toEqual(['unchanged', 'keep permanently']);
  expect((await world.call('listBackups', { name: 'keep permanently' })).backups.map(({ id }) => id)).toEqual([
    backup_id,
  ]);
});

test('a request with another name than the request before renames the backup', async () => {
  await using world = await start();
  await world.sync(items);
  await world.rename('mine');
  expect(await world.syncedName({ backup_name: 'weekly' })).toEqual(['updated', 'weekly']);
  expect(await world.syncedName({ backup_name: 'weekly' })).toEqual(['unchanged', 'weekly']);
  expect(await world.syncedName()).toEqual(['updated', 'daily-0']);
});

test('a request with the name a person has set counts as the previous request from then on', async () => {
  await using world = await start();
  await world.sync(items);
  await world.rename('weekly');
  expect(await world.syncedName({ backup_name: 'weekly' })).toEqual(['unchanged', 'weekly']);
  expect(await world.syncedName()).toEqual(['updated', 'daily-0']);
});

test('scans, source runs, verifications and dependent backups do not undo a name', async () => {
  await using world = await start();
  const { operation_id: found } = await world.call('startScan', { bucket_name: bucket, sync: true });
  const ended = async (operation_id: string) => {
    while ((await world.call('showOperation', { operation_id })).operation.ended_at === null);
  };
  await ended(found);
  await world.rename('mine');
  // The metadata was rewritten, so the scan imports the backup again.
  const mark = `${full.imagePath}_metadata`;
  await world.buckets.put(bucket, [[mark, full.objects.get(mark) ?? '']], Date.UTC(2026, 4, 1));
  await ended((await world.call('startScan', { bucket_name: bucket, sync: true })).operation_id);
  expect(await world.nameNow()).toBe('mine');
  const { source } = await world.call('addSource', { bucket_name: bucket, name: 'nightly' });
  await ended((await world.call('scanSource', { source_id: source.id })).operation_id);
  await ended((await world.call('verifyBackup', { backup_id, level: 'content' })).operation_id);
  expect(await world.nameNow()).toBe('mine');

  // When the full backup loses an object and gets it back, the increment is examined too.
  const { sync } = await world.call('syncBackups', { sync: [items[1]] });
  await world.ended(sync.map(({ operation_log_id }) => operation_log_id));
  await world.call('updateBackup', { backup_id: increment.plan.backupId, backup: { name: 'also mine' } });
  const [lost = ''] = [...full.objects.keys()].filter((key) => /-\d{5}$/.test(key));
  await world.buckets.remove(bucket, lost);
  await world.sync(items.slice(0, 1));
  await world.buckets.put(bucket, [[lost, full.objects.get(lost) ?? '']]);
  await world.sync(items.slice(0, 1));
  // The repeated request still brings no new name.
  await world.sync(items);
  const { backup } = await world.call('showBackup', { backup_id: increment.plan.backupId });
  expect(backup).toMatchObject({ name: 'also mine', status: 'available' });
});

test('a backup that is not recorded cannot be renamed, and an invalid name is refused', async () => {
  await using world = await start();
  await expect(world.rename('mine')).rejects.toMatchObject({ code: 'backup_not_found' });
  await world.sync(items.slice(0, 1));
  await expect(world.rename('x'.repeat(65))).rejects.toMatchObject({
    code: 'invalid_request',
    problems: [{ place: 'backup.name', message: 'must have 1 to 64 characters, has 65' }],
  });
  await world.call('deleteBackup', { backup_id });
  await expect(world.rename('mine')).rejects.toMatchObject({ code: 'backup_not_found' });
});
