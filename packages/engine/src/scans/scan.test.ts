import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { WrittenBackup } from '../testing/cinder-writer.ts';
import { type ClockedEngine, startClockedEngine } from '../testing/clocked-engine.ts';
import type { WrittenManifest } from '../testing/manifest-writer.ts';
import { writeSmallChain } from '../testing/small-chain.ts';
import { writeSmallManifestChain } from '../testing/small-manifest-chain.ts';
import { makeTestBuckets, type TestBuckets } from '../testing/test-buckets.ts';

const bucket = 'volumebackups';
const chain = writeSmallChain('scan', 8, [[1], [2]]);
const [full, first, second] = chain as [WrittenBackup, WrittenBackup, WrittenBackup];

async function start(objects: readonly WrittenBackup[] = chain) {
  const buckets = await makeTestBuckets();
  for (const backup of objects) await buckets.put(bucket, backup.objects);
  const engine = await startClockedEngine(buckets.directory);
  return {
    buckets,
    engine,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await buckets[Symbol.asyncDispose]();
    },
  };
}

const statesOf = (findings: Awaited<ReturnType<ClockedEngine['scan']>>['findings']) =>
  Object.fromEntries(findings.map(({ sync, state }) => [sync?.backup_id, state]));

async function removeBackup(buckets: TestBuckets, backup: WrittenBackup): Promise<void> {
  for (const key of backup.objects.keys()) await buckets.remove(bucket, key);
}

describe('a scan', () => {
  test('finds the stored backups, and its items can be synced', async () => {
    await using world = await start();
    const { operation, findings } = await world.engine.scan({ bucket_name: bucket });
    expect(operation).toMatchObject({ status: 'success', reason: null });
    expect(findings.map(({ state, sync }) => [state, sync?.backup_name])).toEqual([
      ['new', 'daily-0'],
      ['new', 'daily-1'],
      ['new', 'daily-2'],
    ]);
    expect(findings[1]).toMatchObject({ parent_backup_id: full.plan.backupId, original_name: null, format: 'cinder' });
    const items = findings.flatMap(({ sync }) => (sync === null ? [] : [sync]));
    const { sync } = await world.engine.call('syncBackups', { sync: items });
    const ends = await Promise.all(sync.map(({ operation_log_id }) => world.engine.ended(operation_log_id)));
    expect(ends.map(({ status }) => status)).toEqual(['success', 'success', 'success']);
    expect(world.engine.faults).toEqual([]);
  });

  test('with sync creates child operations for new backups, and none the second time', async () => {
    await using world = await start();
    const once = await world.engine.scan({ bucket_name: bucket, sync: true });
    const imports = await world.engine.imported(once.findings);
    expect(imports.map(({ status, parent_operation_id }) => [status, parent_operation_id])).toEqual(
      chain.map(() => ['success', once.operation.id]),
    );
    const again = await world.engine.scan({ bucket_name: bucket, sync: true });
    expect(again.findings.map(({ state, operation_log_id }) => [state, operation_log_id])).toEqual(
      chain.map(() => ['known', null]),
    );
    expect(again.operation.requests).toEqual({ lists: 1, gets: 0, bytes_read: 0 });
    expect(again.operation.progress).toMatchObject({ backups_found: 3, described: 0, imports_accepted: 0 });
  });

  test('distinguishes changed, forgotten, moved and copied backups, and keeps their names', async () => {
    await using world = await start();
    const { engine, buckets } = world;
    const { findings } = await engine.scan({ bucket_name: bucket });
    const items = findings.flatMap(({ sync }) => (sync === null ? [] : [{ ...sync, backup_name: 'own name' }]));
    const { sync } = await engine.call('syncBackups', { sync: items });
    for (const { operation_log_id } of sync) await engine.ended(operation_log_id);

    const mark = `${full.imagePath}_metadata`;
    await buckets.put(bucket, [[mark, full.objects.get(mark) ?? '']], Date.UTC(2026, 4, 1));
    await engine.call('deleteBackup', { backup_id: first.plan.backupId });
    const place = /\/\d{14}\//;
    const relocate = (backup: WrittenBackup, time: string) =>
      Array.from(backup.objects, ([key, bytes]) => [key.replace(place, `/${time}/`), bytes] as const);
    await buckets.put(bucket, relocate(second, '20260909000000'));
    const copied = await engine.scan({ bucket_name: bucket, sync: true });
    expect(copied.findings.map(({ state, sync: item }) => [item?.backup_id, state, item?.backup_name])).toEqual([
      [full.plan.backupId, 'changed', 'own name'],
      [first.plan.backupId, 'forgotten', 'own name'],
      [second.plan.backupId, 'known', 'own name'],
      [second.plan.backupId, 'copy', 'own name'],
    ]);
    expect((await engine.imported(copied.findings)).length).toBe(1);

    await removeBackup(buckets, second);
    const moved = await engine.scan({ bucket_name: bucket });
    expect(statesOf(moved.findings)[second.plan.backupId]).toBe('moved');
  });

  test('says why it could not read a backup, and continues', async () => {
    await using world = await start();
    await world.buckets.put(bucket, [[`${first.imagePath}_metadata`, '{"backup_id": 1']]);
    const old = await world.engine.scan({ bucket_name: bucket });
    expect(old.operation).toMatchObject({ status: 'success', result: { problems: 1, found: 3 } });
    expect(old.findings[1]).toMatchObject({
      state: 'unreadable',
      sync: null,
      problem: { code: 'metadata_unreadable' },
    });
    await world.buckets.put(bucket, [[`${first.imagePath}_metadata`, '{"backup_id": 1']], world.engine.clock.timeMs);
    const young = await world.engine.scan({ bucket_name: bucket });
    expect(young.findings[1]).toMatchObject({ state: 'incomplete', problem: { code: 'incomplete', retry: 'later' } });
  });

  test('reports a backup without its commit mark as incomplete, names the mark, and does not import it', async () => {
    await using world = await start([full]);
    const [posix] = writeSmallChain('begun', 8, [], { layout: 'posix' }) as [WrittenBackup];
    const [manifest] = writeSmallManifestChain('begun', 8, []) as [WrittenManifest];
    const begun = [
      { ...first, markKey: `${first.imagePath}_metadata`, names: ['-00001'] },
      { ...second, markKey: `${second.imagePath}_metadata`, names: ['_sha256file'] },
      { ...posix, markKey: `${posix.imagePath}_metadata`, names: ['-00001', '-00002', '_sha256file'] },
      { ...manifest, markKey: `${manifest.imagePath}/manifest.json`, names: ['/block-hashes.bin', '/data/000001'] },
    ];
    for (const { imagePath, names } of begun) {
      await world.buckets.put(
        bucket,
        names.map((name) => [`${imagePath}${name}`, 'x'] as const),
      );
    }
    const { operation, findings } = await world.engine.scan({ bucket_name: bucket, sync: true });
    const incomplete = findings.filter(({ state }) => state === 'incomplete');
    expect(incomplete.map(({ image_path, sync, problem }) => [image_path, sync, problem?.code])).toEqual(
      begun.map(({ imagePath }) => [imagePath, null, 'incomplete']).toSorted(),
    );
    for (const { markKey } of begun) {
      expect(incomplete.some(({ problem }) => problem?.message.includes(`${markKey} is not there`))).toBe(true);
    }
    expect(operation).toMatchObject({
      status: 'failed',
      reason: { code: 'incomplete', message: expect.stringContaining('first of 4: ') },
      result: { found: 5, problems: 4, imports: 1, described: 1, sync_backup_num: 1, err_sync_backup_num: 4 },
    });
    expect(operation.message).toContain('5 backups; 1 imported, 4 in error');
  });

  test.each([
    ['is gone', null, 'incomplete'],
    ['is no longer readable', '{"backup_id": 1', 'metadata_unreadable'],
  ])('imports a recorded backup whose commit mark %s, so that it does not stay available', async (_, text, code) => {
    await using world = await start([full]);
    await world.engine.imported((await world.engine.scan({ bucket_name: bucket, sync: true })).findings);
    const mark = `${full.imagePath}_metadata`;
    if (text === null) await world.buckets.remove(bucket, mark);
    else await world.buckets.put(bucket, [[mark, text]]);
    const { findings } = await world.engine.scan({ bucket_name: bucket, sync: true });
    expect(findings).toMatchObject([{ state: 'changed', sync: { backup_id: full.plan.backupId } }]);
    const [ended] = await world.engine.imported(findings);
    expect(ended).toMatchObject({ status: 'failed', reason: { code } });
    const { backup } = await world.engine.call('showBackup', { backup_id: full.plan.backupId });
    expect(backup.status).toBe('error');
    const again = await world.engine.scan({ bucket_name: bucket, sync: true });
    expect(again.findings).toMatchObject([{ operation_log_id: null }]);
  });

  test('finds ancestors outside its prefix only when asked', async () => {
    await using world = await start();
    const scan = { bucket_name: bucket, prefix: second.imagePath };
    expect((await world.engine.scan(scan)).findings).toHaveLength(1);
    const { findings } = await world.engine.scan({ ...scan, with_ancestors: true });
    expect(findings.map(({ sync }) => sync?.backup_id)).toEqual([second, first, full].map(({ plan }) => plan.backupId));
  });

  test('finds unknown formats by a path template, next to known ones', async () => {
    await using world = await start();
    await world.buckets.put(bucket, [
      ['plan-1/server-1/backup-1/disk.img', 'data'],
      ['plan-1/server-1/backup-1/disk.json', '{}'],
      ['plan-1/server-1/backup-2', 'data'],
      ['plan-1/stray', 'data'],
    ]);
    const scan = { bucket_name: bucket, path_template: '{plan}/{resource_id}/{backup_id}', sync: true };
    const once = await world.engine.scan(scan);
    const unknown = once.findings.filter(({ format }) => format === 'unknown');
    expect(unknown.map(({ sync }) => [sync?.resource_id, sync?.backup_id, sync?.image_path])).toEqual([
      ['server-1', 'backup-1', 'plan-1/server-1/backup-1'],
      ['server-1', 'backup-2', 'plan-1/server-1/backup-2'],
    ]);
    expect(once.findings).toHaveLength(5);
    await world.engine.imported(once.findings);
    const again = await world.engine.scan(scan);
    expect(new Set(again.findings.map(({ state }) => state))).toEqual(new Set(['known']));
    await world.buckets.put(bucket, [['plan-1/server-1/backup-2', 'other data']]);
    expect(statesOf((await world.engine.scan(scan)).findings)['backup-2']).toBe('changed');
  });

  test('reports a matching folder with only logs and placeholders as incomplete, and does not import it', async () => {
    await using world = await start([]);
    await world.buckets.put(bucket, [
      ['server-1/backup-1/disk.img', 'data'],
      ['server-1/backup-1/job.log', 'done'],
      ['server-1/backup-2/job.log', 'failed'],
      ['server-1/backup-3/.keep', ''],
    ]);
    const scan = { bucket_name: bucket, path_template: '{resource_id}/{backup_id}', sync: true };
    const { findings, operation } = await world.engine.scan(scan);
    expect(findings.map(({ image_path, state }) => [image_path, state])).toEqual([
      ['server-1/backup-1', 'new'],
      ['server-1/backup-2', 'incomplete'],
      ['server-1/backup-3', 'incomplete'],
    ]);
    expect(findings[1]?.problem?.message).toContain('server-1/backup-2 has only logs');
    // Both are older than a day, so they are not still being written.
    expect(operation).toMatchObject({
      status: 'failed',
      reason: { code: 'incomplete' },
      result: { problems: 2, imports: 1, err_sync_backup_num: 2 },
    });
    await world.engine.imported(findings);
    expect((await world.engine.call('listBackups', {})).count).toBe(1);
    // The job that failed ran once more.
    await world.buckets.put(bucket, [['server-1/backup-2/disk.img', 'data']]);
    expect((await world.engine.scan(scan)).findings.map(({ state }) => state)).toEqual(['known', 'new', 'incomplete']);
  });

  test('of a missing bucket fails with the reason, and is not complete', async () => {
    await using world = await start();
    const { operation } = await world.engine.scan({ bucket_name: 'no-such-bucket' });
    expect(operation).toMatchObject({ status: 'failed', reason: { code: 'bucket_not_found' } });
    const page = await world.engine.call('listScanFindings', { operation_id: operation.id });
    expect(page).toEqual({ findings: [], next: 0, ended: true, complete: false });
  });

  test('is refused if the input is invalid or the role does not allow it', async () => {
    await using world = await start([]);
    const refused = [
      [{ prefix: '../other' }, 'prefix: '],
      [{ prefix: 'a//b' }, 'prefix: has an empty segment'],
      [{ path_template: '{plan_id}/{resource_id}' }, 'path_template: must name {backup_id}'],
      [{ path_template: '{a}{b}/{backup_id}' }, 'path_template: has the segment'],
    ] as const;
    for (const [fields, message] of refused) {
      await expect(world.engine.call('startScan', { bucket_name: bucket, ...fields })).rejects.toThrow(message);
    }
    const call = world.engine.call('startScan', { bucket_name: bucket }, { role: 'reader' });
    await expect(call).rejects.toMatchObject({ code: 'role_not_allowed' });
  });
});

test('a scan finds the genuine fixture if it is available', async (context) => {
  const { existsSync } = await import('node:fs');
  const fixture = join(import.meta.dirname, '../../../../../shared/fixtures/cinder-s3-zlib');
  if (!existsSync(fixture)) return context.skip('the fixture is not at hand');
  const { readdir } = await import('node:fs/promises');
  const entries = await readdir(fixture, { withFileTypes: true });
  await using engine = await startClockedEngine(fixture);
  const found: string[] = [];
  for (const entry of entries.filter((each) => each.isDirectory())) {
    const { findings } = await engine.scan({ bucket_name: entry.name });
    found.push(...findings.map(({ state }) => state));
  }
  expect(found).toEqual(['new', 'new', 'new']);
});
