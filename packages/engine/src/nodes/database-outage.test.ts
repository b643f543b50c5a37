import { describe, test } from 'vitest';
import { openDatabaseProxy } from '../testing/database-proxy.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { doesBoth, openTestCluster } from '../testing/test-cluster.ts';

const bucket = 'volumebackups';

/** How long a node may take to notice that a database which says nothing is back. */
const soon = { timeout: 30_000 };

const outages = ['refuse', 'silence'] as const;

// They wait for time limits most of the time.
describe.concurrent.each(outages)('while the database is away (%s)', (breakIt) => {
  test('calls are refused, and everything continues by itself once it is back', async ({ expect }) => {
    await using cluster = await openTestCluster();
    await using network = await openDatabaseProxy(cluster.url);
    const [full] = writeSmallChain(breakIt, 8, []);
    if (full === undefined) throw new Error('a chain has links');
    await cluster.buckets.put(bucket, full.objects);
    await using node = await cluster.open(doesBoth, network.url);
    network[breakIt]();
    await expect(node.call('listBackups', {})).rejects.toMatchObject({ code: 'unavailable' });
    await expect(node.engine.checkReady()).rejects.toMatchObject({ code: 'unavailable' });
    network.restore();
    await expect.poll(() => node.engine.checkReady().then(() => 'ready', String), soon).toBe('ready');
    const [id = ''] = await node.sync([syncItemOf(full, bucket)]);
    expect(await node.ended(id)).toMatchObject({ status: 'success' });
    expect(node.faults).toEqual([]);
  });

  test('a node stops soon', async ({ expect }) => {
    await using cluster = await openTestCluster();
    await using network = await openDatabaseProxy(cluster.url);
    const node = await cluster.open(doesBoth, network.url);
    network[breakIt]();
    const begunMs = performance.now();
    await node[Symbol.asyncDispose]();
    expect(performance.now() - begunMs).toBeLessThan(30_000);
  });
});

test.concurrent('a node that loses the database while it starts says what to do', async ({ expect }) => {
  await using cluster = await openTestCluster();
  await using network = await openDatabaseProxy(cluster.url);
  const { host, pathname } = new URL(network.url);
  // It has checked the database, and opens the connections of its steps and its session.
  for (const connections of [1, 2]) {
    network.refuseAfter(connections);
    await expect(cluster.open(doesBoth, network.url)).rejects.toMatchObject({
      name: 'DatabaseError',
      message: expect.stringMatching(
        `^The database ${host}${pathname} no longer answers: .+ Check that its server runs .+, then start again\\.$`,
      ),
    });
  }
});

test.concurrent('a node that has been cut off without a word soon leaves its duties to another', async ({ expect }) => {
  await using cluster = await openTestCluster();
  await using network = await openDatabaseProxy(cluster.url);
  const [full] = writeSmallChain('cut off', 8, []);
  if (full === undefined) throw new Error('a chain has links');
  await cluster.buckets.put(bucket, full.objects);
  // Numbers the events, as the first node.
  await using _lost = await cluster.open(doesBoth, network.url);
  await using other = await cluster.open(doesBoth);
  network.silence();
  const [id = ''] = await other.sync([syncItemOf(full, bucket)]);
  // Without its duties, nobody would see that it has ended.
  expect(await other.ended(id)).toMatchObject({ status: 'success' });
});
