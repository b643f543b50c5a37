import { expect, test } from 'vitest';
import { parseDatabaseAddress } from '../catalogue/postgres/database-address.ts';
import { openCatalogueReader } from '../open-catalogue-reader.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { answersOnly, doesBoth, openTestCluster, readTransitions, worksOnly } from '../testing/test-cluster.ts';
import { run } from '../testing/test-database.ts';

const bucket = 'volumebackups';

test('items accepted at a node that only answers are imported by another, and a third tells each transition in order', async () => {
  await using cluster = await openTestCluster();
  const chain = writeSmallChain('events', 8, [[1], [2]]);
  for (const { objects } of chain) await cluster.buckets.put(bucket, objects);
  await using accepting = await cluster.open(answersOnly);
  await using working = await cluster.open(worksOnly);
  await using telling = await cluster.open(answersOnly);
  const place = parseDatabaseAddress(cluster.url, 'the test');
  await using reading = await openCatalogueReader({ place });
  const stream = await telling.watch({});
  // A process that is no node, and only reads.
  const caller = await reading.identity.operator('test', null);
  const asked = { caller, requestId: reading.newId(), signal: new AbortController().signal };
  const readStream = await reading.watch('watchOperations', asked, { project_id: caller.projectId });
  const readByReader = readTransitions(readStream, chain.length);
  const ids = await accepting.sync(chain.map((backup) => syncItemOf(backup, bucket)));
  const read = await readTransitions(stream, ids.length);
  for (const id of ids) {
    expect(read.filter((each) => each.id === id).map(({ status }) => status)).toEqual([
      'waiting',
      'running',
      'success',
    ]);
  }
  expect(await readByReader).toEqual(read);
  const cursors = read.map(({ cursor }) => Number(cursor));
  expect(cursors).toEqual(cursors.map((_, index) => Number(stream.start) + 1 + index));

  const again = await accepting.watch({ after: read[3]?.cursor ?? '' });
  expect(await readTransitions(again, ids.length)).toEqual(read.slice(4));
  expect([...accepting.faults, ...working.faults, ...telling.faults]).toEqual([]);

  const listed = async () => await reading.call('listNodes', asked, { project_id: caller.projectId });
  expect((await listed()).nodes).toHaveLength(3);
  for (const node of [accepting, working, telling]) await node[Symbol.asyncDispose]();
  // What a node leaves that is killed, with nobody there to take over.
  await run(
    cluster.url,
    `insert into nodes (id, host_name, pid, version, serves, works, started_at_ms, heartbeat_at_ms, clock_ahead_ms, jobs)
    values ('killed', 'here', 1, '', 1, 1, 0, extract(epoch from now()) * 1000 - 16000, 0, 0)`,
  );
  expect((await listed()).nodes).toEqual([]);
});

test('the same items accepted at two nodes at once are one operation each', async () => {
  await using cluster = await openTestCluster();
  const chain = writeSmallChain('twice', 8, [[1]]);
  for (const { objects } of chain) await cluster.buckets.put(bucket, objects);
  await using one = await cluster.open(doesBoth);
  await using other = await cluster.open(doesBoth);
  const items = chain.map((backup) => syncItemOf(backup, bucket));
  const accepted = await Promise.all([one, other, one, other].map((node) => node.sync(items)));
  for (const ids of accepted) expect(ids).toEqual(accepted[0]);
  for (const id of accepted[0] ?? []) {
    const operation = await other.ended(id);
    expect(operation).toMatchObject({ status: 'success' });
    expect(await one.ended(id)).toEqual(operation);
  }
  expect((await one.call('listBackups', {})).backups).toHaveLength(chain.length);
  expect([...one.faults, ...other.faults]).toEqual([]);
});

test('a grant of a bucket that one node removes ends at the others, also for work that was accepted before', async () => {
  await using cluster = await openTestCluster();
  const [full] = writeSmallChain('granted', 8, []);
  if (full === undefined) throw new Error('a chain has links');
  await cluster.buckets.put(bucket, full.objects);
  await using one = await cluster.open(answersOnly);
  await using other = await cluster.open(answersOnly);
  // A second project ends the grant of everything.
  await one.call('createProject', { name: 'second' });
  const place = { target_project_id: one.engine.identity.project.id, bucket_name: bucket };
  await one.call('grantBucket', place);
  const items = [syncItemOf(full, bucket)];
  const [accepted = ''] = await other.sync(items);
  await one.call('revokeBucket', place);
  await using working = await cluster.open(worksOnly);
  const denied = { status: 'failed', reason: { code: 'access_denied' } };
  expect(await other.ended(accepted)).toMatchObject(denied);
  await one.call('grantBucket', place);
  const [granted = ''] = await other.sync(items);
  expect(await other.ended(granted)).toMatchObject({ status: 'success' });
  expect([...one.faults, ...other.faults, ...working.faults]).toEqual([]);
});
