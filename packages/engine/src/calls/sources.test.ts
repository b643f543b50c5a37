import { describe, expect, test } from 'vitest';
import type { WrittenBackup } from '../testing/cinder-writer.ts';
import { startClockedEngine } from '../testing/clocked-engine.ts';
import { writeSmallChain } from '../testing/small-chain.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';

const bucket = 'volumebackups';
/** Full backups of ten volumes: none needs another, so one can go without the others. */
const backups = Array.from({ length: 10 }, (_, index) => writeSmallChain(`source-${index}`, 4, [])).flat();
const minuteMs = 60_000;

async function start(present: readonly WrittenBackup[] = backups) {
  const buckets = await makeTestBuckets();
  await buckets.put(bucket, [['readme', 'so that the bucket is there']]);
  for (const backup of present) await buckets.put(bucket, backup.objects);
  const engine = await startClockedEngine(buckets.directory);
  const { source } = await engine.call('addSource', { name: 'nightly', bucket_name: bucket });
  const sourceId = source.id;
  const follow = async (operationId: string) => {
    const operation = await engine.ended(operationId);
    const { findings } = await engine.call('listScanFindings', { operation_id: operationId });
    await engine.imported(findings);
    return operation;
  };
  const idOf = (backup: WrittenBackup) => backup.plan.backupId;
  return {
    buckets,
    engine,
    sourceId,
    follow,
    /** A run a minute later, with its imports. */
    run: async () => {
      engine.clock.timeMs += minuteMs;
      return follow((await engine.call('scanSource', { source_id: sourceId })).operation_id);
    },
    show: () => engine.call('showSource', { source_id: sourceId }),
    remove: async (gone: readonly WrittenBackup[]) => {
      for (const { objects } of gone) for (const key of objects.keys()) await buckets.remove(bucket, key);
    },
    vanished: async () => {
      const { backups: records } = await engine.call('listBackups', { status: 'error' });
      return records.filter(({ backup_sync }) => backup_sync.reason?.code === 'vanished').map(({ id }) => id);
    },
    idOf,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await buckets[Symbol.asyncDispose]();
    },
  };
}

describe('a source', () => {
  test('imports new backups, and shows the age of the newest proved backup of each resource', async () => {
    await using world = await start(backups.slice(0, 2));
    await world.run();
    const first = await world.show();
    expect(first.resources.map(({ backups: count, newest_proved_at }) => [count, newest_proved_at])).toEqual([
      [1, '2026-03-01T02:00:00.000000'],
      [1, '2026-03-01T02:00:00.000000'],
    ]);
    const takenAtMs = Date.UTC(2026, 2, 1, 2);
    expect(first.resources[0]?.newest_proved_age_s).toBe((world.engine.clock.timeMs - takenAtMs) / 1000);
    expect(first.source).toMatchObject({ status: 'active', last_good_sync_at: '2026-11-23T00:01:00.000000' });
    const [, , third] = backups;
    await world.buckets.put(bucket, third?.objects ?? []);
    await world.run();
    expect((await world.show()).resources).toHaveLength(3);
    expect(world.engine.faults).toEqual([]);
  });

  test('marks a missing backup only after two complete runs, and records it again when it is back', async () => {
    await using world = await start();
    const [gone] = backups as [WrittenBackup];
    await world.run();
    await world.remove([gone]);
    await world.run();
    expect(await world.vanished()).toEqual([]);
    const second = await world.run();
    expect(second.message).toContain('1 marked as vanished');
    expect(await world.vanished()).toEqual([world.idOf(gone)]);
    const { backup } = await world.engine.call('showBackup', { backup_id: world.idOf(gone) });
    expect(backup).toMatchObject({ status: 'error', backup_sync: { level: 'linkage', reason: { code: 'vanished' } } });

    // Its resource has lost its only backup: it is still shown, however many runs follow.
    await world.run();
    const { resources } = await world.show();
    expect(resources.find(({ resource_id }) => resource_id === gone.plan.volumeId)).toMatchObject({
      backups: 1,
      proved_backups: 0,
      newest_proved_age_s: null,
    });

    await world.buckets.put(bucket, gone.objects);
    await world.run();
    expect(await world.vanished()).toEqual([]);
    expect((await world.show()).resources.map(({ proved_backups }) => proved_backups)).toEqual(Array(10).fill(1));
  });

  test('holds a mass removal until someone confirms its list, then marks the backups still missing', async () => {
    await using world = await start();
    await world.run();
    const gone = backups.slice(0, 4);
    await world.remove(gone);
    await world.run();
    expect((await world.show()).source.status).toBe('active');
    const holding = await world.run();
    expect(holding.message).toContain('removals wait for confirmation');
    const held = await world.show();
    expect(held.source).toMatchObject({
      status: 'held',
      held: {
        cause: 'too_many',
        operation_id: holding.id,
        message: 'more records are missing from the listing than may vanish at once',
        remedy: expect.stringContaining('confirm the source'),
      },
    });
    expect(held.held_backups.map(({ backup_id }) => backup_id).sort()).toEqual(gone.map(world.idOf).sort());
    await world.engine.restart();
    await world.run();
    expect(await world.vanished()).toEqual([]);

    const [back, ...rest] = gone as [WrittenBackup, ...WrittenBackup[]];
    await world.buckets.put(bucket, back.objects);
    world.engine.clock.timeMs += minuteMs;
    const confirmed = await world.engine.call('confirmSource', { source_id: world.sourceId });
    await world.follow(confirmed.operation_id);
    expect((await world.vanished()).sort()).toEqual(rest.map(world.idOf).sort());
    expect((await world.show()).source).toMatchObject({ status: 'active', held: null });
    await expect(world.engine.call('confirmSource', { source_id: world.sourceId })).rejects.toMatchObject({
      code: 'source_not_held',
    });
  });

  test('is held immediately when the listing is empty', async () => {
    await using world = await start();
    await world.run();
    await world.remove(backups);
    await world.run();
    expect((await world.show()).source).toMatchObject({ status: 'held', held: { cause: 'empty_listing' } });
    await world.run();
    expect(await world.vanished()).toEqual([]);
  });

  test('ends a hold by itself once every held backup is back, and is held again when they go again', async () => {
    await using world = await start();
    await world.run();
    const held = async () => (await world.show()).source.held?.cause ?? null;
    // As if a disk with all or some of the backups was not mounted.
    for (const [gone, cause] of [
      [backups, 'empty_listing'],
      [backups.slice(0, 4), 'too_many'],
    ] as const) {
      await world.remove(gone);
      await world.run();
      await world.run();
      expect(await held()).toBe(cause);
      for (const { objects } of gone.slice(1)) await world.buckets.put(bucket, objects);
      await world.run();
      expect(await held()).toBe(cause);
      for (const { objects } of gone.slice(0, 1)) await world.buckets.put(bucket, objects);
      const run = await world.run();
      expect(run).toMatchObject({ status: 'success', message: expect.not.stringContaining('wait for confirmation') });
      expect(await held()).toBeNull();
      expect(await world.vanished()).toEqual([]);
    }
  });

  test('marks a missing backup even if its record was written while the clock was months ahead', async () => {
    await using world = await start();
    const dayMs = 24 * 60 * minuteMs;
    world.engine.clock.step(180 * dayMs);
    await world.run();
    world.engine.clock.step(-180 * dayMs);
    const [gone] = backups as [WrittenBackup];
    await world.remove([gone]);
    await world.run();
    await world.run();
    expect(await world.vanished()).toEqual([world.idOf(gone)]);
  });

  test('looks for a backup directly before marking it, and reports what is wrong with the rest', async () => {
    await using world = await start();
    const [half] = backups as [WrittenBackup];
    await world.run();
    // Half deleted: the commit mark is gone, the data is still there.
    await world.buckets.remove(bucket, `${half.imagePath}_metadata`);
    await world.run();
    await world.run();
    expect(await world.vanished()).toEqual([]);
    const ended = await world.engine.call('listOperationLogs', { status: 'failed' });
    for (const { id } of ended.operation_logs) await world.engine.ended(id);
    const logs = await world.engine.call('listOperationLogs', { resource_id: half.plan.volumeId, limit: 1 });
    const last = await world.engine.ended(logs.operation_logs[0]?.id ?? '');
    expect(last.reason?.code).toBe('incomplete');
  });

  test('has a good sync although a backup was begun and never committed', async () => {
    await using world = await start();
    const [begun] = writeSmallChain('begun', 8, []) as [WrittenBackup];
    await world.buckets.put(bucket, [...begun.objects].slice(0, 2));
    await world.run();
    expect((await world.show()).source.last_good_sync_at).not.toBeNull();
  });

  test('counts no absences in a run that could not list, and keeps its last good sync', async () => {
    await using world = await start();
    const [gone] = backups as [WrittenBackup];
    await world.run();
    const good = (await world.show()).source.last_good_sync_at;
    await world.remove([gone]);
    const { rename } = await import('node:fs/promises');
    const directory = `${world.buckets.directory}/${bucket}`;
    await rename(directory, `${directory}-aside`);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect((await world.run()).reason?.code).toBe('bucket_not_found');
    }
    const shown = await world.show();
    expect(shown.source).toMatchObject({ last_good_sync_at: good, status: 'active' });
    expect(shown.last_run).toMatchObject({
      id: shown.source.last_run_id,
      kind: 'source_run',
      source_id: world.sourceId,
      status: 'failed',
      reason: { code: 'bucket_not_found', remedy: expect.stringContaining('bucket_name') },
    });
    await rename(`${directory}-aside`, directory);
    await world.run();
    expect(await world.vanished()).toEqual([]);
    await world.run();
    expect(await world.vanished()).toEqual([world.idOf(gone)]);
  });

  test('does not import a forgotten backup again', async () => {
    await using world = await start(backups.slice(0, 3));
    const [forgotten] = backups as [WrittenBackup];
    await world.run();
    await world.engine.call('deleteBackup', { backup_id: world.idOf(forgotten) });
    await world.run();
    await expect(world.engine.call('showBackup', { backup_id: world.idOf(forgotten) })).rejects.toMatchObject({
      code: 'backup_not_found',
    });
  });

  test('examines a backup again that was proved too long ago', async () => {
    await using world = await start(backups.slice(0, 1));
    const [backup] = backups as [WrittenBackup];
    const added = await world.engine.call('addSource', {
      name: 'careful',
      bucket_name: bucket,
      reverify_after_s: 3600,
    });
    const scan = async () =>
      world.follow((await world.engine.call('scanSource', { source_id: added.source.id })).operation_id);
    await scan();
    world.engine.clock.timeMs += 30 * minuteMs;
    expect((await scan()).progress).toMatchObject({ imports_accepted: 0 });
    world.engine.clock.timeMs += 60 * minuteMs;
    expect((await scan()).progress).toMatchObject({ imports_accepted: 1 });
    const { backup: record } = await world.engine.call('showBackup', { backup_id: world.idOf(backup) });
    expect(record.backup_sync.verified_at).toBe('2026-11-23T01:30:00.000000');
  });

  test('is started by CBR’s call for a whole vault, whose operation log counts the imports', async () => {
    await using world = await start(backups.slice(0, 3));
    const { sync } = await world.engine.call('syncCheckpoint', { sync: { vault_id: world.sourceId } });
    await world.follow(sync.operation_log_id);
    const shown = await world.engine.call('showOperationLog', { operation_log_id: sync.operation_log_id });
    expect(shown.operation_log).toMatchObject({
      operation_type: 'sync',
      status: 'success',
      vault_id: world.sourceId,
      extra_info: {
        common: { progress: 100 },
        sync: { sync_backup_num: 3, delete_backup_num: 0, err_sync_backup_num: 0 },
      },
    });
    const page = await world.engine.call('listOperationLogs', { vault_id: world.sourceId });
    // The run, then the imports it accepted.
    expect(page.operation_logs.map(({ checkpoint_id }) => checkpoint_id)).toEqual(Array(4).fill(sync.operation_log_id));
    const all = await world.engine.call('listOperationLogs', {});
    expect(all.count).toBe(4);
    // CBR has no kind for a scan without a source.
    await world.engine.scan({ bucket_name: bucket });
    expect((await world.engine.call('listOperationLogs', {})).count).toBe(4);
  });

  test.each([
    [
      'a bucket that does not exist',
      { bucket_name: 'volumebackup' },
      'bucket_not_found',
      'bucket volumebackup does not',
    ],
    ['a prefix with nothing under it', { bucket_name: bucket, prefix: 'volumes/' }, 'prefix_empty', 'under volumes/'],
  ])('is not added for %s, unless forced', async (_, place, code, message) => {
    await using world = await start([]);
    const added = world.engine.call('addSource', { name: 'mistyped', ...place });
    await expect(added).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    const forced = await world.engine.call('addSource', { name: 'mistyped', ...place, force: true });
    expect(forced.source).toMatchObject({ name: 'mistyped', status: 'active' });
  });

  test('drops members outside a narrower prefix unmarked, and finds them again with a wider one', async () => {
    await using world = await start();
    const { engine, sourceId: source_id } = world;
    await world.run();
    const [kept] = backups as [WrittenBackup];
    const prefix = `${kept.imagePath.split('/')[0]}/`;
    const mistyped = engine.call('updateSource', { source_id, prefix: 'volume/' });
    await expect(mistyped).rejects.toMatchObject({ code: 'prefix_empty' });
    const narrowed = await engine.call('updateSource', { source_id, prefix, level: 'inventory', interval_s: 3600 });
    const nextRunAt = new Date(engine.clock.timeMs + 3_600_000).toISOString().slice(0, 19);
    expect(narrowed.source).toMatchObject({ prefix, level: 'inventory', interval_s: 3600, name: 'nightly' });
    expect(narrowed.source.next_run_at).toContain(nextRunAt);
    for (let night = 0; night < 3; night += 1) {
      const run = await world.run();
      expect(run).toMatchObject({ status: 'success', result: { sync_backup_num: 1 } });
    }
    expect(await world.vanished()).toEqual([]);
    expect((await world.show()).resources).toHaveLength(1);
    const { backup: dropped } = await engine.call('showBackup', { backup_id: world.idOf(backups[1] as WrittenBackup) });
    expect(dropped).toMatchObject({ status: 'available', vault_id: null });
    const widened = await engine.call('updateSource', { source_id, prefix: '', interval_s: null });
    expect(widened.source).toMatchObject({ prefix: '', level: 'inventory', interval_s: null, next_run_at: null });
    expect(await world.run()).toMatchObject({ result: { sync_backup_num: 10 } });
  });

  test('can be paused, resumed and removed; no other source may take its name', async () => {
    await using world = await start([]);
    const { engine } = world;
    await expect(engine.call('addSource', { name: 'nightly', bucket_name: bucket })).rejects.toMatchObject({
      code: 'source_name_taken',
    });
    const added = await engine.call('addSource', { name: 'hourly', bucket_name: bucket, interval_s: 3600 });
    const source_id = added.source.id;
    expect(added.source.next_run_at).toBe(added.source.created_at);
    const paused = await engine.call('pauseSource', { source_id });
    expect(paused.source).toMatchObject({ status: 'paused', next_run_at: null });
    const resumed = await engine.call('resumeSource', { source_id });
    expect(resumed.source).toMatchObject({ status: 'active', next_run_at: added.source.created_at });
    await engine.call('removeSource', { source_id });
    const { sources } = await engine.call('listSources', {});
    expect(sources.map(({ name }) => name)).toEqual(['nightly']);
    await expect(engine.call('showSource', { source_id })).rejects.toMatchObject({ code: 'source_not_found' });
  });
});
