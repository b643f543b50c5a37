import { describe, expect, test } from 'vitest';
import type { WrittenBackup } from '../testing/cinder-writer.ts';
import { startClockedEngine } from '../testing/clocked-engine.ts';
import { writeSmallChain } from '../testing/small-chain.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';
import { isPassedOver, snapshotFolders } from './passed-over.ts';

const bucket = 'volumebackups';
const [backup] = writeSmallChain('live', 8, []) as [WrittenBackup];
const [old] = writeSmallChain('old', 8, []) as [WrittenBackup];

describe('a path is ignored', () => {
  test.each(snapshotFolders)('in %s, at any depth, unless the prefix leads there', (folder) => {
    for (const path of [`${folder}/daily/a`, `exports/${folder}/daily/a`]) {
      expect(isPassedOver(path, '')).toBe(true);
      expect(isPassedOver(path, 'exports/')).toBe(true);
    }
    expect(isPassedOver(`${folder}/daily/a`, folder)).toBe(false);
    expect(isPassedOver(`${folder}/daily/a`, `${folder}/daily`)).toBe(false);
  });

  test('only by the full name of its folder', () => {
    for (const path of ['.snapshot', 'a.snapshot/x', '.snapshots/x', 'zfs/snapshot/x', 'my~snapshot/x', 'snapshot/x']) {
      expect(isPassedOver(path, '')).toBe(false);
    }
  });
});

async function start() {
  const buckets = await makeTestBuckets();
  await buckets.put(bucket, backup.objects);
  for (const folder of snapshotFolders) {
    await buckets.put(
      bucket,
      Array.from(old.objects, ([key, bytes]) => [`${folder}/daily/${key}`, bytes] as const),
    );
  }
  const engine = await startClockedEngine(buckets.directory);
  return {
    buckets,
    engine,
    async plan(prefix = '') {
      const { operation_id } = await engine.call('startPlan', { bucket_name: bucket, prefix });
      await engine.ended(operation_id);
      return (await engine.call('listPlanItems', { operation_id })).plan;
    },
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await buckets[Symbol.asyncDispose]();
    },
  };
}

describe('snapshot folders of a filer', () => {
  test('are ignored by scans and plans, which say so, unless the prefix leads into one', async () => {
    await using world = await start();
    const { operation, findings } = await world.engine.scan({ bucket_name: bucket });
    expect(findings.map(({ image_path }) => image_path)).toEqual([backup.imagePath]);
    expect(operation.message).toContain(`(${snapshotFolders.length * old.objects.size} ignored in snapshot folders)`);
    expect((await world.plan()).map(({ image_path }) => image_path)).toEqual([backup.imagePath]);
    const asked = await world.engine.scan({ bucket_name: bucket, prefix: '.snapshot/' });
    expect(asked.findings.map(({ image_path }) => image_path)).toEqual([`.snapshot/daily/${old.imagePath}`]);
  });

  test('do not make records in them absent', async () => {
    await using world = await start();
    const { engine } = world;
    const asked = await engine.call('addSource', { name: 'snapshot', bucket_name: bucket, prefix: '.snapshot/' });
    const run = async (source_id: string) => {
      const operation = await engine.ended((await engine.call('scanSource', { source_id })).operation_id);
      await engine.imported((await engine.call('listScanFindings', { operation_id: operation.id })).findings);
      return operation;
    };
    await run(asked.source.id);
    const all = await engine.call('addSource', { name: 'all', bucket_name: bucket });
    for (let runs = 0; runs < 3; runs += 1) {
      engine.clock.timeMs += 60_000;
      expect((await run(all.source.id)).result).toMatchObject({ vanished: 0, held: false });
    }
    const statuses = async () => (await engine.call('listBackups', {})).backups.map(({ status }) => status);
    expect(await statuses()).toEqual(['available', 'available']);
    expect((await world.plan()).map(({ class: planClass }) => planClass)).toEqual(['same']);
    // The snapshot expires: a run of a source with a prefix in the snapshot folder says so.
    for (const key of old.objects.keys()) await world.buckets.remove(bucket, `.snapshot/daily/${key}`);
    await run(asked.source.id);
    expect((await engine.call('showSource', { source_id: asked.source.id })).source.status).toBe('held');
  });
});
