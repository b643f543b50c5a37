import { type BucketPlanItem, bucketPlanResult } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import type { WrittenBackup } from '../testing/cinder-writer.ts';
import { startClockedEngine } from '../testing/clocked-engine.ts';
import { writeSmallChain } from '../testing/small-chain.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';

const bucket = 'volumebackups';
const chain = writeSmallChain('plan', 8, [[1], [2]]);
const [full, first, second] = chain as [WrittenBackup, WrittenBackup, WrittenBackup];
const [other] = writeSmallChain('plan-other', 4, []) as [WrittenBackup];

async function start(objects: readonly WrittenBackup[] = chain) {
  const buckets = await makeTestBuckets();
  for (const backup of objects) await buckets.put(bucket, backup.objects);
  const engine = await startClockedEngine(buckets.directory);
  return {
    buckets,
    engine,
    async plan(place: { prefix?: string; path_template?: string; bucket_name?: string } = {}) {
      const { operation_id } = await engine.call('startPlan', { bucket_name: bucket, ...place });
      const operation = await engine.ended(operation_id);
      const page = await engine.call('listPlanItems', { operation_id });
      return { operation, ...page, result: bucketPlanResult.safeParse(operation.result).data };
    },
    async bringIn(place: { path_template?: string; bucket_name?: string } = {}) {
      const scan = await engine.scan({ bucket_name: bucket, sync: true, ...place });
      return { scan, imports: await engine.imported(scan.findings) };
    },
    remove: async (backup: WrittenBackup) => {
      for (const key of backup.objects.keys()) await buckets.remove(bucket, key);
    },
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await buckets[Symbol.asyncDispose]();
    },
  };
}

const classesOf = (plan: readonly BucketPlanItem[]) =>
  Object.fromEntries(plan.map(({ backup_id, class: planClass }) => [backup_id, planClass]));

describe('the plan of a bucket', () => {
  test('says what a scan would import and at what cost, and changes nothing', async () => {
    await using world = await start([...chain, other]);
    const { operation, plan, result, complete } = await world.plan();
    expect(operation).toMatchObject({ kind: 'plan', status: 'success' });
    expect(complete).toBe(true);
    expect(plan).toHaveLength(4);
    expect(plan.map(({ class: planClass, reason }) => [planClass, reason])).toEqual(plan.map(() => ['new', null]));
    expect(plan[0]?.message).toBe('would be recorded unless its block hashes show a fault');
    expect(result?.classes).toEqual({ new: 4 });
    expect((await world.engine.call('listBackups', {})).count).toBe(0);
    expect((await world.engine.call('listOperations', { kind: 'import' })).count).toBe(0);

    const { scan, imports } = await world.bringIn();
    const spent = [scan.operation, ...imports].map(({ requests }) => requests);
    expect(result?.forecast).toMatchObject({
      lists: spent.reduce((sum, each) => sum + (each?.lists ?? 0), 0),
      gets: spent.reduce((sum, each) => sum + (each?.gets ?? 0), 0),
    });
    expect(world.engine.faults).toEqual([]);
  });

  test('reads only the listing if every backup is known, and reports missing, incomplete, forgotten and broken ones', async () => {
    await using world = await start([...chain, other]);
    await world.bringIn();
    const same = await world.plan();
    expect(same.result?.classes).toEqual({ same: 4 });
    expect(same.operation.requests).toMatchObject({ lists: 1, gets: 0 });
    expect(same.result?.forecast).toMatchObject({ lists: 1, gets: 0, bytes_read: 0 });

    await world.remove(other);
    await world.engine.call('deleteBackup', { backup_id: full.plan.backupId });
    await world.buckets.remove(bucket, `${first.imagePath}_metadata`);
    const before = await world.engine.call('listBackups', {});
    const { plan, result } = await world.plan();
    expect(classesOf(plan)).toEqual({
      [full.plan.backupId]: 'forgotten',
      [first.plan.backupId]: 'incomplete',
      // It builds on the incomplete one.
      [second.plan.backupId]: 'broken',
      [other.plan.backupId]: 'vanished',
    });
    expect(result?.classes).toEqual({ forgotten: 1, incomplete: 1, broken: 1, vanished: 1 });
    const vanished = plan.find(({ class: planClass }) => planClass === 'vanished');
    expect(vanished).toMatchObject({ image_path: other.imagePath, reason: { code: 'vanished' }, outcome: 'none' });
    expect(await world.engine.call('listBackups', {})).toEqual(before);
  });

  test('covers only objects and records below its prefix', async () => {
    await using world = await start([...chain, other]);
    await world.bringIn();
    await world.remove(other);
    const { plan } = await world.plan({ prefix: `volume_${full.plan.volumeId}/` });
    expect(Object.values(classesOf(plan))).toEqual(['same', 'same', 'same']);
    const gone = await world.plan({ prefix: `volume_${other.plan.volumeId}/` });
    expect(classesOf(gone.plan)).toEqual({ [other.plan.backupId]: 'vanished' });
  });

  test('reports a moved backup only as moved', async () => {
    await using world = await start();
    const template = { bucket_name: 'other', path_template: '{folder}/{backup_id}' };
    await world.buckets.put('other', [['one/backup-1', 'some bytes']]);
    await world.bringIn(template);
    await world.buckets.remove('other', 'one/backup-1');
    await world.buckets.put('other', [['two/backup-1', 'some bytes']]);
    const { plan } = await world.plan(template);
    expect(plan.map(({ class: planClass, image_path }) => [planClass, image_path])).toEqual([
      ['moved', 'two/backup-1'],
    ]);
  });

  test('fails if the listing fails, and reports nothing as gone', async () => {
    await using world = await start();
    await world.bringIn();
    const { rename } = await import('node:fs/promises');
    const directory = `${world.buckets.directory}/${bucket}`;
    await rename(directory, `${directory}-aside`);
    const { operation, plan, complete } = await world.plan();
    expect(operation).toMatchObject({ status: 'failed', reason: { code: 'bucket_not_found' }, result: null });
    expect([plan, complete]).toEqual([[], false]);
  });

  test('is not a scan: its id has no scan findings', async () => {
    await using world = await start();
    const { operation } = await world.plan();
    await expect(world.engine.call('listScanFindings', { operation_id: operation.id })).rejects.toMatchObject({
      code: 'operation_not_found',
    });
  });
});
