import { describe, expect, test } from 'vitest';
import { startClockedEngine } from '../testing/clocked-engine.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';
import { faultOfUnrecognised } from './unrecognised.ts';

const bucket = 'volumebackups';
const totals = { objects: 3, passedOver: 0, minioFiles: 0, found: 0 };
const place = { bucketName: bucket, prefix: 'dr/' };

test('a listing with a backup, or without objects, has no such fault', () => {
  expect(faultOfUnrecognised({ ...totals, found: 1 }, place)).toBeNull();
  expect(faultOfUnrecognised({ ...totals, objects: 0 }, place)).toBeNull();
});

test('a listing with objects but no backup says how many objects, and what they look like', () => {
  const detailOf = (changes: Partial<typeof totals>) => faultOfUnrecognised({ ...totals, ...changes }, place)?.detail;
  expect(detailOf({})).toBe('volumebackups/dr/ has 3 objects');
  expect(detailOf({ objects: 1 })).toBe('volumebackups/dr/ has 1 object');
  expect(detailOf({ passedOver: 2 })).toBe('volumebackups/dr/ has 3 objects, 2 of them ignored in snapshot folders');
  expect(detailOf({ minioFiles: 1 })).toContain('in the disk layout of MinIO');
});

async function start(objects: Iterable<readonly [string, Uint8Array | string]>) {
  const buckets = await makeTestBuckets();
  await buckets.put(bucket, objects);
  const engine = await startClockedEngine(buckets.directory);
  return {
    engine,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await buckets[Symbol.asyncDispose]();
    },
  };
}

describe('objects in which no backup is recognised', () => {
  const logs: [string, string][] = [
    ['logs/a.txt', 'a'],
    ['logs/b.txt', 'b'],
  ];

  test.each([{ sync: false }, { sync: true }])('fail a scan, and the reason says what to do: %j', async (options) => {
    await using world = await start(logs);
    const { operation } = await world.engine.scan({ bucket_name: bucket, ...options });
    expect(operation).toMatchObject({
      status: 'failed',
      reason: { code: 'no_backup_recognised' },
      result: { found: 0 },
    });
    expect(operation.reason?.remedy).toContain('path template');
    const page = await world.engine.call('listScanFindings', { operation_id: operation.id });
    expect(page).toMatchObject({ findings: [], ended: true, complete: true });
  });

  test('fail a plan and the run of a source, which then is not a good sync', async () => {
    await using world = await start(logs);
    const { engine } = world;
    const plan = await engine.call('startPlan', { bucket_name: bucket });
    expect((await engine.ended(plan.operation_id)).reason?.code).toBe('no_backup_recognised');
    const { source } = await engine.call('addSource', { name: 'logs', bucket_name: bucket });
    const run = await engine.call('scanSource', { source_id: source.id });
    expect((await engine.ended(run.operation_id)).reason?.code).toBe('no_backup_recognised');
    expect((await engine.call('showSource', { source_id: source.id })).source.last_good_sync_at).toBeNull();
  });

  test('fail no scan that finds a backup by a template, or a begun one', async () => {
    await using world = await start([
      ...logs,
      ['volume_a/20260301020000/az_nova_backup_6fea9211-38a5-cccc-c95f-c8b61fb35442-00001', 'x'],
    ]);
    expect((await world.engine.scan({ bucket_name: bucket })).operation.status).toBe('success');
    const byTemplate = { bucket_name: bucket, prefix: 'logs/', path_template: 'logs/{backup_id}' };
    expect((await world.engine.scan(byTemplate)).operation.status).toBe('success');
  });

  test('are named as MinIO’s disk layout by a scan, with a template or without, and by a sync', async () => {
    const chain = writeSmallChain('minio', 8, [[1]]);
    await using world = await start(
      chain.flatMap(({ objects }) => Array.from(objects, ([key, bytes]) => [`${key}/xl.meta`, bytes] as const)),
    );
    const { engine } = world;
    for (const template of [{}, { path_template: '{resource_id}/{time}/{backup_id}' }]) {
      const { operation, findings } = await engine.scan({ bucket_name: bucket, ...template });
      expect(findings).toEqual([]);
      expect(operation.reason?.message).toContain("use MinIO's S3 endpoint");
    }
    const { sync } = await engine.call('syncBackups', { sync: chain.map((backup) => syncItemOf(backup, bucket)) });
    for (const { operation_log_id } of sync) {
      const { reason } = await engine.ended(operation_log_id);
      expect(reason?.message).toContain("use MinIO's S3 endpoint");
    }
    expect((await engine.call('listBackups', {})).count).toBe(0);
  });
});
