import { expect, test } from 'vitest';
import { startClockedEngine } from '../testing/clocked-engine.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';

const bucket = 'volumebackups';

/** An engine over a bucket with a backup of each of four volumes. */
async function start() {
  const buckets = await makeTestBuckets();
  const backups = Array.from({ length: 4 }, (_, index) => writeSmallChain(`logged-${index}`, 4, [])).flat();
  await buckets.put(bucket, [['readme', 'so that the bucket is there']]);
  for (const { objects } of backups) await buckets.put(bucket, objects);
  const engine = await startClockedEngine(buckets.directory);
  return {
    engine,
    removeAll: async () => {
      for (const { objects } of backups) for (const key of objects.keys()) await buckets.remove(bucket, key);
    },
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await buckets[Symbol.asyncDispose]();
    },
  };
}

test('the log has the beginning and the end of each run of a source, and that it is held', async () => {
  await using world = await start();
  const { engine } = world;
  const { source } = await engine.call('addSource', { name: 'nightly', bucket_name: bucket });
  const run = async () => {
    engine.logged.length = 0;
    engine.clock.timeMs += 60_000;
    const { operation_id } = await engine.call('scanSource', { source_id: source.id });
    await engine.ended(operation_id);
    // Entries about ends follow the ends. Stopping waits for all of them.
    await engine.restart();
    return operation_id;
  };
  const about = { project_id: expect.any(String), source_id: source.id, bucket };
  const first = await run();
  const by = { actor: 'ada', request_id: 'request-1' };
  expect(engine.logged.find(({ event }) => event === 'source.run_started')).toEqual({
    event: 'source.run_started',
    operation_id: first,
    ...about,
    ...by,
  });
  expect(engine.logged.filter(({ event }) => event === 'item.succeeded')).toHaveLength(4);
  expect(engine.logged.find(({ event }) => event === 'operation.succeeded')).toMatchObject({
    operation_id: first,
    ...about,
    ...by,
    kind: 'source_run',
    status: 'success',
    duration_ms: expect.any(Number),
  });

  await world.removeAll();
  await run();
  const held = await run();
  expect(engine.logged.find(({ event }) => event === 'source.held')).toEqual({
    event: 'source.held',
    operation_id: held,
    ...about,
  });
  expect(engine.faults).toEqual([]);
});

test('the log has what callers did and what they were refused, and why an operation failed', async () => {
  await using world = await start();
  const { engine } = world;
  await engine.call('listBackups', {});
  const reader = { name: 'eve', role: 'reader' } as const;
  const scan = { bucket_name: 'missing', sync: false } as const;
  await expect(engine.call('startScan', scan, reader)).rejects.toMatchObject({ code: 'role_not_allowed' });
  const { operation_id } = await engine.call('startScan', scan);
  await engine.ended(operation_id);
  await engine.restart();
  const ofCall = { request_id: 'request-1', door: 'engine', project_id: expect.any(String) };
  // Waiting for the end reads as well.
  const told = engine.logged.filter(({ event, call }) => event !== 'call.answered' || call === 'listBackups');
  expect(told).toMatchObject([
    { event: 'call.answered', call: 'listBackups', actor: 'ada', ...ofCall },
    { event: 'call.refused', call: 'startScan', actor: 'eve', error: 'role_not_allowed', ...ofCall },
    { event: 'call.accepted', call: 'startScan', actor: 'ada', ...ofCall },
    { event: 'operation.failed', operation_id, kind: 'scan', reason: 'bucket_not_found', bucket: 'missing' },
  ]);
});

test('a failed import has an entry of its own event, with the reason', async () => {
  await using world = await start();
  const { engine } = world;
  const [link] = writeSmallChain('logged-missing', 4, []);
  if (link === undefined) throw new Error('the chain has a link');
  const { sync } = await engine.call('syncBackups', { sync: [syncItemOf(link, bucket)] });
  const operation_id = sync[0]?.operation_log_id ?? '';
  await engine.ended(operation_id);
  await engine.restart();
  expect(engine.logged.filter(({ event }) => /^(?:item|operation)\./.test(event))).toMatchObject([
    { event: 'item.failed', operation_id, kind: 'import', reason: 'path_not_found', bucket },
  ]);
});
