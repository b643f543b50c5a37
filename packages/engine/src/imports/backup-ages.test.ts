import { expect, test } from 'vitest';
import { openFilesystemStorageUnit } from '../storage/filesystem/filesystem-storage-unit.ts';
import { startClockedEngine } from '../testing/clocked-engine.ts';
import { examineBackups, rememberProofs } from '../testing/examine-backups.ts';
import { formatsUnderTest } from '../testing/formats-under-test.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';
import { openTestEngine } from '../testing/test-engine.ts';

const bucket = 'backups';
/** The time at which the objects of a test were written, after every backup was made. */
const writtenMs = Date.UTC(2026, 2, 10);
const toldOf2035 = expect.stringContaining('The request says 2035-01-01 00:00:00 UTC');

test.each(formatsUnderTest)(
  'a request with a time in 2035 makes no backup younger: $format',
  async ({ formatTime, item, objects }) => {
    await using engine = await openTestEngine();
    await engine.buckets.put(bucket, objects, writtenMs);
    const future = { ...item, created_at: Date.UTC(2035, 0, 1) / 1000 };
    const expected =
      formatTime === null
        ? { taken_at: '2026-03-10T00:00:00.000000', taken_at_source: 'object' }
        : { taken_at: '2026-03-03T02:00:00.000000', taken_at_source: 'format' };

    for (const outcome of ['created', 'unchanged']) {
      const [log] = await engine.sync([future]);
      expect(log?.backup_sync).toMatchObject({ outcome, time_contradiction: toldOf2035 });
      const { backup } = await engine.call('showBackup', { backup_id: item.backup_id });
      expect(backup).toMatchObject({ status: 'available', protected_at: '2035-01-01T00:00:00.000000' });
      expect(backup.backup_sync).toMatchObject({ ...expected, time_contradiction: toldOf2035 });
    }
    const { plan } = await engine.call('planSync', { sync: [future] });
    expect(plan[0]?.message).toMatch(/is already recorded.* The request says 2035-01-01 00:00:00 UTC/);

    const [corrected] = await engine.sync([item]);
    expect(corrected?.backup_sync).toMatchObject({ outcome: 'updated', time_contradiction: null });
    expect(corrected?.backup_sync.requests?.gets).toBe(0);
    expect(engine.faults).toEqual([]);
  },
);

test.each(formatsUnderTest.filter(({ formatTime }) => formatTime !== null))(
  'the time of the format comes from a recorded proof without a read: $format',
  async ({ item, objects, formatTime }) => {
    await using buckets = await makeTestBuckets();
    await buckets.put(bucket, objects, writtenMs);
    await using storage = await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory });
    const { remember, ...memory } = rememberProofs();
    const first = await examineBackups(storage, [item], memory);
    remember(first, [item]);
    const [again] = await examineBackups(storage, [item], memory);
    expect(again).toMatchObject({ newProofs: [], formatTime });
  },
);

test('for a proof of an earlier release, the time comes from the Cinder path', async () => {
  await using buckets = await makeTestBuckets();
  const [full] = writeSmallChain('earlier release', 4, []);
  if (full === undefined) throw new Error('a chain has links');
  await buckets.put(bucket, full.objects, writtenMs);
  await using storage = await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory });
  const [first] = await examineBackups(storage, [syncItemOf(full, bucket)]);
  const proofs = (first?.newProofs ?? []).map((proof) => ({ ...proof, formatTime: null }));
  const [again] = await examineBackups(storage, [syncItemOf(full, bucket)], { findProofs: async () => proofs });
  expect(again).toMatchObject({ newProofs: [], formatTime: { atMs: full.plan.takenAtMs, hasZone: true } });
});

test('a parent that was made after its child is reported', async () => {
  await using engine = await openTestEngine();
  const [full, child] = writeSmallChain('parent later', 8, [[1]]);
  if (full === undefined || child === undefined) throw new Error('the chain has two links');
  // The child's Cinder metadata, dated one day before the full backup it builds on.
  const metadata = `${child.imagePath}_metadata`;
  const objects = new Map(child.objects);
  const text = Buffer.from(objects.get(metadata) ?? []).toString();
  objects.set(metadata, Buffer.from(text.replace('2026-03-02 02:00:00', '2026-02-28 02:00:00')));
  await engine.buckets.put(bucket, [...full.objects, ...objects], writtenMs);
  const logs = await engine.sync([full, child].map((backup) => syncItemOf(backup, bucket)));
  expect(logs.map(({ status }) => status)).toEqual(['success', 'success']);
  expect(logs[0]?.backup_sync.time_contradiction).toBeNull();
  expect(logs[1]?.backup_sync.time_contradiction).toContain(
    'Its parent was made later: the parent says 2026-03-01 02:00:00 UTC, this backup 2026-02-28 02:00:00 UTC.',
  );
});

test('a backup dated in the future never counts as newest, and check and sources give the same age', async () => {
  await using buckets = await makeTestBuckets();
  const [full] = writeSmallChain('same age', 4, []);
  if (full === undefined) throw new Error('a chain has links');
  await buckets.put(bucket, full.objects, writtenMs);
  const futureMs = Date.UTC(2035, 0, 1);
  await buckets.put(bucket, [['plan/future', 'of a bucket whose clock is wrong']], futureMs);
  await using engine = await startClockedEngine(buckets.directory);
  const { source } = await engine.call('addSource', { name: 'nightly', bucket_name: bucket });
  const run = await engine.call('scanSource', { source_id: source.id });
  await engine.ended(run.operation_id);
  const { findings } = await engine.call('listScanFindings', { operation_id: run.operation_id });
  await engine.imported(findings);
  const item = { ...syncItemOf(full, bucket), backup_id: 'future', image_path: 'plan/future' };
  const future = { ...item, resource_id: 'future', resource_type: 'Example', created_at: futureMs / 1000 };
  const { sync } = await engine.call('syncBackups', { sync: [future] });
  await engine.ended(sync[0]?.operation_log_id ?? '');

  const ageS = Math.floor((engine.clock.timeMs - full.plan.takenAtMs) / 1000);
  const { resources } = await engine.call('listResources', { level: 'presence' });
  expect(resources).toMatchObject([
    {
      resource_id: full.plan.volumeId,
      proved_backups: 1,
      newest_proved_age_s: ageS,
      newest_proved_at_source: 'format',
    },
    { resource_id: 'future', proved_backups: 1, newest_proved_backup_id: null, newest_proved_age_s: null },
  ]);
  const shown = await engine.call('showSource', { source_id: source.id });
  expect(shown.resources).toEqual(resources.slice(0, 1));
  expect(engine.faults).toEqual([]);
});
