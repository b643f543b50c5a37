import { fork } from 'node:child_process';
import { once } from 'node:events';
import { v7 as newId } from 'uuid';
import { expect, test } from 'vitest';
import { systemSleep } from '../../storage/bucket-budget.ts';
import { createMigratedDatabase } from '../../testing/postgres-catalogue.ts';
import { run } from '../../testing/test-database.ts';
import { makeAcceptance, makeItem } from '../fixtures-for-conformance.ts';
import { openConnectionPool } from './connection-pool.ts';
import { EventSequencer } from './event-sequencer.ts';
import { eventLagMs, eventsChannel, numberEvents } from './number-events.ts';
import { openPostgresCatalogue } from './open-postgres-catalogue.ts';
import { SessionConnection } from './session-connection.ts';

async function openNode(url: string) {
  const stack = new AsyncDisposableStack();
  const { catalogue, connections } = openPostgresCatalogue({ url, storeJobs: async () => {} });
  stack.use(catalogue);
  const session = stack.use(
    await SessionConnection.open({
      address: { connectionString: url },
      sleep: systemSleep,
      random: Math.random,
      onLost: () => {},
    }),
  );
  const faults: unknown[] = [];
  const { database } = connections;
  const startSequencer = () =>
    stack.use(new EventSequencer({ database, session, sleep: systemSleep, onFault: (error) => faults.push(error) }));
  return { catalogue, database, session, faults, startSequencer, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

test('an event that is committed late gets a later number, so no reader misses it', async () => {
  const { url, drop } = await createMigratedDatabase();
  await using _ = { [Symbol.asyncDispose]: drop };
  await using node = await openNode(url);
  await using slow = openConnectionPool(url, 1);
  const projectId = newId();
  const accept = (id: string) => node.catalogue.operations.accept(makeAcceptance(projectId, [makeItem(id)]));
  const begun = Promise.withResolvers<void>();
  const mayCommit = Promise.withResolvers<void>();
  const written = slow.database.transaction().execute(async (transaction) => {
    await transaction
      .insertInto('pending_events')
      .values({ project_id: projectId, operation_id: 'late', status: 'waiting', at_ms: 1, noted_at_ms: 1 })
      .execute();
    begun.resolve();
    await mayCommit.promise;
  });
  await begun.promise;
  const { ids } = await accept('early');
  expect(await eventLagMs(node.database)).toBeGreaterThanOrEqual(0);
  await numberEvents(node.database);
  const first = await node.catalogue.events.listEvents({ projectId, operationId: null, after: 0, limit: 9 });
  expect(first).toMatchObject({ events: [{ cursor: 1, operation: { id: ids[0] } }], upTo: 1 });
  mayCommit.resolve();
  await written;
  await numberEvents(node.database);
  expect(await node.catalogue.events.newestCursor(projectId)).toBe(2);
  expect(await eventLagMs(node.database)).toBe(0);
});

test('a sequencer that is killed at any moment loses no event and numbers none twice, and another takes over', async () => {
  const { url, drop } = await createMigratedDatabase();
  await using _ = { [Symbol.asyncDispose]: drop };
  await using node = await openNode(url);
  const projects = [newId(), newId()];
  let rings = 0;
  await node.session.listen(eventsChannel, () => {
    rings += 1;
  });
  const ids: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    const child = fork(new URL('../../testing/sequencer-process.ts', import.meta.url), [url], {
      execArgv: ['--conditions=@backup-sync/source'],
    });
    await once(child, 'message');
    for (let index = 0; index < 40; index += 1) {
      for (const projectId of projects) {
        const accepted = await node.catalogue.operations.accept(
          makeAcceptance(projectId, [makeItem(`b${round}-${index}`)]),
        );
        ids.push(...accepted.ids);
      }
      if (index === 20 + round * 6) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  node.startSequencer();
  const each = ids.length / projects.length;
  for (const projectId of projects) {
    while ((await node.catalogue.events.newestCursor(projectId)) < each) await new Promise(setImmediate);
    const page = await node.catalogue.events.listEvents({ projectId, operationId: null, after: 0, limit: 1_000 });
    const events = page === 'gone' ? [] : page.events;
    expect(events.map(({ cursor }) => cursor)).toEqual(Array.from({ length: each }, (_, index) => index + 1));
    expect(new Set(events.map(({ operation }) => operation.id)).size).toBe(each);
  }
  expect(rings).toBeGreaterThan(0);
  expect(node.faults).toEqual([]);
});

test('while one node numbers events, the others do not, until its session is lost', async () => {
  const { url, drop } = await createMigratedDatabase();
  await using _ = { [Symbol.asyncDispose]: drop };
  await using one = await openNode(url);
  await using other = await openNode(url);
  const projectId = newId();
  const numbered = async (cursor: number) => {
    while ((await one.catalogue.events.newestCursor(projectId)) < cursor) await new Promise(setImmediate);
  };
  one.startSequencer();
  await one.catalogue.operations.accept(makeAcceptance(projectId, [makeItem('a')]));
  await numbered(1);
  other.startSequencer();
  expect(await other.session.tryLock('number events')).toBeNull();
  const sessions =
    "SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_try_advisory_lock%' AND datname = current_database()";
  await run(url, `SELECT pg_terminate_backend(pid) FROM (${sessions} AND pid <> pg_backend_pid()) AS of_nodes`);
  await other.catalogue.operations.accept(makeAcceptance(projectId, [makeItem('b')]));
  await numbered(2);
  const unfolded = other.database.selectFrom('row_counts').where('slot', '<>', 0).selectAll();
  while ((await unfolded.execute()).length > 0) await new Promise(setImmediate);
  expect(await other.catalogue.operations.countBacklog(projectId)).toBe(2);
});
