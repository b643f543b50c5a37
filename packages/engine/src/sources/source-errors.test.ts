import { describe, expect, test } from 'vitest';
import type { WrittenBackup } from '../testing/cinder-writer.ts';
import { startClockedEngine } from '../testing/clocked-engine.ts';
import { writeSmallChain } from '../testing/small-chain.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';

const bucket = 'volumebackups';
const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;
const healthy = Array.from({ length: 3 }, (_, index) => writeSmallChain(`healthy-${index}`, 4, [])).flat();
/** Full, daily-1, daily-2. */
const chain = writeSmallChain('broken', 8, [[1], [2]]) as [WrittenBackup, WrittenBackup, WrittenBackup];
const [begun] = writeSmallChain('begun', 8, []) as [WrittenBackup];

async function start(fields: object = {}) {
  await using stack = new AsyncDisposableStack();
  const buckets = stack.use(await makeTestBuckets());
  for (const backup of healthy) await buckets.put(bucket, backup.objects);
  const engine = stack.use(await startClockedEngine(buckets.directory));
  const { source } = await engine.call('addSource', { name: 'nightly', bucket_name: bucket, ...fields });
  const owned = stack.move();
  const source_id = source.id;
  return {
    buckets,
    engine,
    source_id,
    /** A run a minute later, with its CBR operation log. */
    async run() {
      engine.clock.timeMs += 60_000;
      const { operation_id } = await engine.call('scanSource', { source_id });
      const operation = await engine.ended(operation_id);
      const { operation_log: log } = await engine.call('showOperationLog', { operation_log_id: operation_id });
      return { operation, log, numbers: log.extra_info.sync };
    },
    show: () => engine.call('showSource', { source_id }),
    /** Writes a chain in which daily-1 has lost an object. */
    async putBroken() {
      for (const backup of chain) await buckets.put(bucket, backup.objects);
      await buckets.remove(bucket, `${chain[1].imagePath}-00001`);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

describe('a run of a source', () => {
  test('fails while backups are in error, with the same numbers in every run', async () => {
    await using world = await start();
    await world.putBroken();
    const first = await world.run();
    expect(first.numbers).toEqual({ sync_backup_num: 4, delete_backup_num: 0, err_sync_backup_num: 2 });
    expect(first.operation).toMatchObject({
      status: 'failed',
      phase: null,
      message: expect.stringContaining('4 imported or unchanged, 2 in error'),
      reason: { code: 'object_missing', message: expect.stringContaining(chain[1].imagePath) },
    });
    expect(first.log).toMatchObject({ status: 'failed', error_info: { code: 'BackupSync.2013' } });
    for (let night = 2; night < 4; night += 1) {
      const again = await world.run();
      expect(again.numbers).toEqual(first.numbers);
      expect(again.operation).toMatchObject({ status: 'failed', reason: first.operation.reason });
      expect(again.operation.progress).toMatchObject({ imports_accepted: 0 });
    }
  });

  test('shows each backup in error, why, and what to do, until it is fixed or forgotten', async () => {
    await using world = await start();
    await world.putBroken();
    await world.run();
    await world.run();
    const shown = await world.show();
    expect(shown.error_count).toBe(2);
    expect(shown.errors).toMatchObject([
      {
        backup_id: chain[1].plan.backupId,
        backup_name: 'daily-1',
        image_path: chain[1].imagePath,
        reason: { code: 'object_missing', remedy: expect.stringContaining('Restore the object') },
      },
      { backup_id: chain[2].plan.backupId, reason: { code: 'parent_broken' } },
    ]);
    expect(shown.source.last_run).toMatchObject({ status: 'failed', reason: { code: 'object_missing' } });
    for (const { plan } of chain.slice(1)) await world.engine.call('deleteBackup', { backup_id: plan.backupId });
    expect(await world.show()).toMatchObject({ errors: [], error_count: 0 });
    expect((await world.run()).operation.status).toBe('success');
  });

  test('counts a backup that leaves no record in every run, and imports it again', async () => {
    await using world = await start();
    const [unreadable] = writeSmallChain('unreadable', 4, []) as [WrittenBackup];
    await world.buckets.put(bucket, unreadable.objects);
    await world.buckets.put(bucket, [[`${unreadable.imagePath}_metadata`, '{"version": "9"}']]);
    const first = await world.run();
    expect(first.numbers).toMatchObject({ sync_backup_num: 3, err_sync_backup_num: 1 });
    expect((await world.run()).numbers).toEqual(first.numbers);
    expect((await world.show()).errors).toMatchObject([{ backup_id: null, image_path: unreadable.imagePath }]);
  });

  test('counts a backup without its commit mark once its newest object is a day old', async () => {
    await using world = await start();
    const writtenAtMs = world.engine.clock.timeMs;
    await world.buckets.put(bucket, [...begun.objects].slice(0, 2), writtenAtMs);
    expect((await world.run()).operation).toMatchObject({ status: 'success', progress: { problems: 1 } });
    world.engine.clock.timeMs = writtenAtMs + dayMs;
    expect((await world.run()).operation).toMatchObject({ status: 'failed', reason: { code: 'incomplete' } });
    expect((await world.show()).errors).toMatchObject([{ image_path: begun.imagePath }]);
    await world.buckets.put(bucket, begun.objects, writtenAtMs);
    expect((await world.run()).operation.status).toBe('success');
  });

  test('waits for a commit mark as long as the source says', async () => {
    await using world = await start({ incomplete_after_s: 3600 });
    const writtenAtMs = world.engine.clock.timeMs;
    await world.buckets.put(bucket, [...begun.objects].slice(0, 2), writtenAtMs);
    world.engine.clock.timeMs = writtenAtMs + hourMs;
    expect((await world.run()).operation).toMatchObject({ status: 'failed', reason: { code: 'incomplete' } });
  });

  test('counts a backup marked as vanished as removed, not as an error', async () => {
    await using world = await start();
    await world.putBroken();
    await world.run();
    for (const key of chain[2].objects.keys()) await world.buckets.remove(bucket, key);
    await world.run();
    const marking = await world.run();
    expect(marking.numbers).toEqual({ sync_backup_num: 4, delete_backup_num: 1, err_sync_backup_num: 1 });
  });

  test('that lists no object is not a good sync, and says so', async () => {
    await using world = await start({ prefix: 'volumes/', force: true });
    const { operation } = await world.run();
    expect(operation.status).toBe('success');
    const { sources } = await world.engine.call('listSources', {});
    expect(sources).toMatchObject([{ last_good_sync_at: null, last_run: { status: 'success', objects_listed: 0 } }]);
  });

  test('with errors that are final is a good sync', async () => {
    await using world = await start();
    await world.putBroken();
    await world.run();
    expect((await world.show()).source.last_good_sync_at).toBe('2026-11-23T00:01:00.000000');
  });
});

test('a scan that imports fails as long as records below its prefix are in error', async () => {
  await using world = await start();
  await world.putBroken();
  const scan = { bucket_name: bucket, sync: true };
  const first = await world.engine.scan(scan);
  expect(first.operation).toMatchObject({ status: 'failed', result: { sync_backup_num: 4, err_sync_backup_num: 2 } });
  const again = await world.engine.scan(scan);
  expect(again.operation).toMatchObject({
    status: 'failed',
    reason: first.operation.reason,
    result: { sync_backup_num: 0, err_sync_backup_num: 2 },
  });
  const elsewhere = await world.engine.scan({ ...scan, prefix: healthy[0]?.imagePath ?? '' });
  expect(elsewhere.operation).toMatchObject({ status: 'success', reason: null });
});
