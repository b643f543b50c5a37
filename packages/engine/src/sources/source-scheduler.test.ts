import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClockedEngine, startClockedEngine } from '../testing/clocked-engine.ts';
import { writeSmallChain } from '../testing/small-chain.ts';
import { makeTestBuckets, type TestBuckets } from '../testing/test-buckets.ts';

const bucket = 'volumebackups';
/** Time for a run to start or end, on a busy machine. */
const soon = { interval: 10, timeout: 30_000 };

let buckets: TestBuckets;
let engine: ClockedEngine;

beforeAll(async () => {
  buckets = await makeTestBuckets();
  for (const backup of writeSmallChain('scheduler', 4, [[1]])) await buckets.put(bucket, backup.objects);
  engine = await startClockedEngine(buckets.directory, { runsSources: true });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await buckets[Symbol.asyncDispose]();
});

test('a source with an interval runs by itself, survives restarts, and waits until it is due', async () => {
  const added = await engine.call('addSource', { name: 'hourly', bucket_name: bucket, interval_s: 3600 });
  const source_id = added.source.id;
  const show = async () => (await engine.call('showSource', { source_id })).source;
  /** Starts a new engine, which reads the plan immediately, and waits for a run other than `before`. */
  const runAfterRestart = async (before: string | null) => {
    await engine.restart();
    await expect.poll(async () => (await show()).last_run_id, soon).not.toBe(before);
    const id = (await show()).last_run_id ?? '';
    const operation = await engine.ended(id);
    const { findings } = await engine.call('listScanFindings', { operation_id: id });
    await engine.imported(findings);
    return operation;
  };
  const first = await runAfterRestart(null);
  expect(first).toMatchObject({ status: 'success', progress: { imports_accepted: 2 } });
  expect((await show()).next_run_at).toBe('2026-11-23T01:00:00.000000');

  engine.clock.timeMs += 3 * 3600 * 1000;
  const second = await runAfterRestart(first.id);
  expect(second).toMatchObject({ status: 'success', progress: { imports_accepted: 0 } });
  // Missed runs are made up for by one; the next is an interval from now.
  expect((await show()).next_run_at).toBe('2026-11-23T04:00:00.000000');
  await expect.poll(async () => (await show()).last_good_sync_at, soon).toBe('2026-11-23T03:00:00.000000');
  expect(engine.faults).toEqual([]);
});
