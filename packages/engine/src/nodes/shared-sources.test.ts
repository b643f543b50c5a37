import { expect, test } from 'vitest';
import { writeSmallChain } from '../testing/small-chain.ts';
import { answersOnly, doesBoth, openTestCluster, type TestNode, worksOnly } from '../testing/test-cluster.ts';

const bucket = 'volumebackups';
const chains = Array.from({ length: 5 }, (_, index) => writeSmallChain(`source-${index}`, 8, [])).flat();

/** Runs a source to its end, with its imports. */
async function runSource(node: TestNode, sourceId: string): Promise<string> {
  const { operation_id } = await node.call('scanSource', { source_id: sourceId });
  const { status } = await node.ended(operation_id);
  expect(status).toBe('success');
  const { findings } = await node.call('listScanFindings', { operation_id });
  for (const { operation_log_id: id } of findings) if (id !== null) await node.ended(id);
  return operation_id;
}

test('a source runs on one node at a time, and any node can start it, show its hold and confirm it', async () => {
  await using cluster = await openTestCluster();
  for (const { objects } of chains) await cluster.buckets.put(bucket, objects);
  await using asking = await cluster.open(answersOnly);
  await using one = await cluster.open({ ...doesBoth, runsSources: true });
  await using other = await cluster.open({ ...doesBoth, runsSources: true });
  const { source } = await asking.call('addSource', { name: 'nightly', bucket_name: bucket });
  const ask = { source_id: source.id };
  const nodes = [asking, one, other];
  const runs = await Promise.all(nodes.map((node) => node.call('scanSource', ask)));
  expect(new Set(runs.map(({ operation_id }) => operation_id)).size).toBe(1);
  await runSource(other, source.id);
  expect((await one.call('listBackups', {})).backups).toHaveLength(chains.length);

  for (const { objects } of chains.slice(0, 3)) {
    for (const key of objects.keys()) await cluster.buckets.remove(bucket, key);
  }
  for (const node of nodes) await runSource(node, source.id);
  for (const node of nodes) {
    expect((await node.call('showSource', ask)).source).toMatchObject({ status: 'held', held: { cause: 'too_many' } });
  }
  const { operation_id } = await asking.call('confirmSource', ask);
  expect(await one.ended(operation_id)).toMatchObject({ message: expect.stringContaining('3 marked as vanished') });
  expect((await other.call('showSource', ask)).source).toMatchObject({ status: 'active', held: null });
  for (const node of nodes) expect(node.faults).toEqual([]);
});

test('two nodes that start at once run each source that is due once', async () => {
  await using cluster = await openTestCluster();
  for (const { objects } of chains) await cluster.buckets.put(bucket, objects);
  await using asking = await cluster.open(answersOnly);
  const names = ['one', 'two', 'three'];
  for (const name of names) await asking.call('addSource', { name, bucket_name: bucket, interval_s: 3_600 });
  const workers = await Promise.all([1, 2].map(() => cluster.open({ ...worksOnly, runsSources: true })));
  const runs = async () => {
    const { operations } = await asking.call('listOperations', { kind: 'source_run', status: 'success' });
    return operations.length;
  };
  await expect.poll(runs).toBe(names.length);
  for (const worker of workers) await worker[Symbol.asyncDispose]();
  expect(await runs()).toBe(names.length);
  expect((await asking.call('listOperations', { kind: 'source_run' })).operations).toHaveLength(names.length);

  // Pausing and resuming at one node counts for the node that runs the sources. The resumed one is due.
  const { sources } = await asking.call('listSources', {});
  for (const { id } of sources) await asking.call('pauseSource', { source_id: id });
  await asking.call('resumeSource', { source_id: sources[0]?.id ?? '' });
  await using _worker = await cluster.open({ ...worksOnly, runsSources: true });
  await expect.poll(runs).toBe(names.length + 1);
  const { operations } = await asking.call('listOperations', { kind: 'source_run' });
  expect(operations.map(({ source_id }) => source_id).filter((id) => id === sources[0]?.id)).toHaveLength(2);
  expect(operations).toHaveLength(names.length + 1);
});
