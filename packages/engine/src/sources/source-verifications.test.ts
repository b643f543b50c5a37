import type { VerificationLevel } from '@backup-sync/contracts';
import { expect, test, vi } from 'vitest';
import type { WrittenBackup } from '../testing/cinder-writer.ts';
import { startClockedEngine } from '../testing/clocked-engine.ts';
import { writeSmallChain } from '../testing/small-chain.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';

const bucket = 'volumebackups';
const chain = writeSmallChain('source-verifications', 8, [[1], [2, 7], [3], [4], [5]]);
const [full] = chain;
if (full === undefined) throw new Error('a chain has links');
// Each verification is a separate operation.
vi.setConfig({ testTimeout: 60_000 });

const dayS = 24 * 60 * 60;

async function start(level: VerificationLevel, backups: readonly WrittenBackup[] = chain) {
  const buckets = await makeTestBuckets();
  for (const backup of backups) await buckets.put(bucket, backup.objects);
  const engine = await startClockedEngine(buckets.directory);
  const fields = { name: 'nightly', bucket_name: bucket, level, reverify_after_s: dayS };
  const { source } = await engine.call('addSource', fields);
  const show = async () => {
    const shown = await engine.call('showSource', { source_id: source.id });
    return { lastGoodSyncAt: shown.source.last_good_sync_at, resource: shown.resources[0] };
  };
  return {
    buckets,
    engine,
    sourceId: source.id,
    show,
    /** A run a second later, with its imports. */
    async run() {
      engine.clock.timeMs += 1000;
      const { operation_id } = await engine.call('scanSource', { source_id: source.id });
      const operation = await engine.ended(operation_id);
      const { findings } = await engine.call('listScanFindings', { operation_id });
      await engine.imported(findings);
      return operation;
    },
    async untilProved(count: number) {
      while ((await show()).resource?.proved_backups !== count);
    },
    recordOf: async ({ plan }: WrittenBackup) => (await engine.call('showBackup', { backup_id: plan.backupId })).backup,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await buckets[Symbol.asyncDispose]();
    },
  };
}

test('a source with level replay verifies all its imports by itself, as children of its run', async () => {
  await using world = await start('replay');
  const run = await world.run();
  await world.untilProved(chain.length);
  const { resource, lastGoodSyncAt } = await world.show();
  expect(resource).toMatchObject({ backups: chain.length, newest_proved_at: '2026-03-06T02:00:00.000000' });
  expect(lastGoodSyncAt).toBe('2026-11-23T00:00:01.000000');
  for (const backup of chain) {
    const { backup_sync } = await world.recordOf(backup);
    expect(backup_sync).toMatchObject({ level: 'replay' });
    const { operation } = await world.engine.call('showOperation', {
      operation_id: backup_sync.last_operation_log_id,
    });
    expect(operation).toMatchObject({ kind: 'verify', status: 'success', parent_operation_id: run.id });
  }
  expect(world.engine.faults).toEqual([]);
});

test('a backup proved while the clock was months ahead is read again, and damage since then is found', async () => {
  await using world = await start('content', [full]);
  world.engine.clock.step(180 * dayS * 1000);
  await world.run();
  await world.untilProved(1);
  world.engine.clock.step(-180 * dayS * 1000);
  const key = `${full.imagePath}-00001`;
  const rotten = Uint8Array.from(full.objects.get(key) ?? []);
  rotten[5] = (rotten[5] ?? 0) ^ 1;
  await world.buckets.put(bucket, [[key, rotten]]);
  const run = await world.run();
  const { operations } = await world.engine.call('listOperations', { kind: ['verify'] });
  const verification = operations.find(({ parent_operation_id }) => parent_operation_id === run.id);
  await world.engine.ended(verification?.id ?? '');
  expect((await world.recordOf(full)).backup_sync).toMatchObject({ reason: { code: 'content_mismatch' } });
});

test('a backup proved too long ago is read again, and damage since then is found', async () => {
  await using world = await start('content', [full]);
  await world.run();
  await world.untilProved(1);
  const key = `${full.imagePath}-00001`;
  const rotten = Uint8Array.from(full.objects.get(key) ?? []);
  rotten[5] = (rotten[5] ?? 0) ^ 1;
  await world.buckets.put(bucket, [[key, rotten]]);
  await world.run();
  expect((await world.show()).resource?.proved_backups).toBe(1);
  world.engine.clock.timeMs += dayS * 1000;
  await world.run();
  await world.untilProved(0);
  expect(await world.recordOf(full)).toMatchObject({
    status: 'error',
    backup_sync: { reason: { code: 'content_mismatch' } },
  });
  expect(world.engine.faults).toEqual([]);
});

test('a verification interrupted when the engine stopped continues, and the others follow', async () => {
  await using world = await start('content');
  await world.run();
  await world.engine.restart();
  await world.untilProved(chain.length);
  expect(world.engine.faults).toEqual([]);
});

test('a backup imported just before the engine was killed is verified after the next start', async () => {
  await using world = await start('linkage');
  await world.run();
  // As if the level had always been content: changing it starts no verification of what a run has imported.
  await world.engine.call('updateSource', { source_id: world.sourceId, level: 'content' });
  const verifications = async () => (await world.engine.call('listOperations', { kind: ['verify'] })).count;
  expect(await verifications()).toBe(0);
  await world.engine.restart();
  await world.untilProved(chain.length);
  const tried = await verifications();
  await world.engine.restart();
  expect(await verifications()).toBe(tried);
  expect(world.engine.faults).toEqual([]);
});
