import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openQueueCluster, openQueueNode } from '../../testing/queue-cluster.ts';
import { chainJob, nameOf, operationJob } from '../../testing/queue-over.ts';
import { bringForward, enqueue, enqueueAlone, queueName } from './jobs.ts';

/** Machines may be busy. */
const soon = { timeout: 10_000 };

/** Opens a transaction that queues jobs, and commits it when asked. */
async function openEnqueue(database: Parameters<typeof enqueue>[0], due: Parameters<typeof enqueue>[1]) {
  const queued = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const committed = database.transaction().execute(async (transaction) => {
    await enqueue(transaction, due);
    queued.resolve();
    await gate.promise;
  });
  await Promise.race([queued.promise, committed]);
  return {
    commit: async () => {
      gate.resolve();
      await committed;
    },
  };
}

test('a job that is queued in an open transaction while its chain is worked on runs after both have ended', async () => {
  await using cluster = await openQueueCluster();
  const release = Promise.withResolvers<void>();
  const started: string[] = [];
  await using node = await openQueueNode(cluster.url, {
    work: async (job) => {
      started.push(nameOf(job));
      if (started.length === 1) await release.promise;
    },
  });
  await node.jobs.enqueue([chainJob('a')]);
  await expect.poll(() => started, soon).toEqual(['a']);
  const accepting = await openEnqueue(cluster.database, [chainJob('a')]);
  release.resolve();
  await expect.poll(() => cluster.stored(), soon).toEqual([]);
  await accepting.commit();
  await expect.poll(() => started, soon).toEqual(['a', 'a']);
});

test('no worker takes a queued job while a transaction adds work to it, so the work is found when it is committed', async () => {
  await using cluster = await openQueueCluster();
  await enqueue(cluster.database, [chainJob('a')]);
  const accepting = await openEnqueue(cluster.database, [chainJob('a')]);
  const started: string[] = [];
  await using node = await openQueueNode(cluster.url, { work: async (job) => void started.push(nameOf(job)) });
  await node.jobs.enqueue([chainJob('b')]);
  await expect.poll(() => started, soon).toEqual(['b']);
  await accepting.commit();
  await expect.poll(() => started, { timeout: 5_000 }).toEqual(['b', 'a']);
});

test('a transaction that meets a queued job just when a worker takes it queues another', async () => {
  await using cluster = await openQueueCluster();
  await enqueue(cluster.database, [chainJob('a')]);
  const accepted = await cluster.database.transaction().execute(async (fetching) => {
    await sql`update pgboss.job set state = 'active' where name = ${queueName}`.execute(fetching);
    const accepting = openEnqueue(cluster.database, [chainJob('a')]);
    const waits = sql`select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
    await expect.poll(async () => (await waits.execute(cluster.database)).rows, soon).toHaveLength(1);
    return { accepting };
  });
  await (await accepted.accepting).commit();
  expect((await cluster.stored()).map(({ state }) => state)).toEqual(['active', 'created']);
});

test('a queued job keeps the higher priority and the earlier time, whatever is queued later', async () => {
  await using cluster = await openQueueCluster();
  const inMs = (milliseconds: number) => ({ notBeforeMs: Date.now() + milliseconds });
  const stored = async () => (await cluster.stored()).map(({ priority, waitsS }) => [priority, waitsS]);
  await enqueue(cluster.database, [chainJob('a', 'b', inMs(60_000))]);
  await enqueue(cluster.database, [chainJob('a', 'b', inMs(90_000))]);
  expect(await stored()).toEqual([[10, 60]]);
  await enqueue(cluster.database, [chainJob('a', 'b', { lane: 'interactive', ...inMs(90_000) })]);
  expect(await stored()).toEqual([[30, 60]]);
  await enqueue(cluster.database, [chainJob('a', 'b', inMs(30_000)), chainJob('a', 'b', inMs(20_000))]);
  expect(await stored()).toEqual([[30, 20]]);
  await enqueue(cluster.database, [operationJob('s', 'scan'), operationJob('v', 'verify', 'b', inMs(3_600_000))]);
  expect(await stored()).toEqual([
    [30, 20],
    [11, 0],
    // A clock that was set back delays no job for longer.
    [0, 600],
  ]);
});

test('a job that is rolled back with its transaction is not queued, and two transactions do not lock each other out', async () => {
  await using cluster = await openQueueCluster();
  const names = Array.from({ length: 200 }, (_, index) => `chain-${index}`);
  await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      cluster.database.transaction().execute(async (transaction) => {
        const due = names.map((name) => chainJob(name));
        await enqueue(transaction, index % 2 === 0 ? due : due.toReversed());
      }),
    ),
  );
  expect(await cluster.stored()).toHaveLength(200);
  const refused = cluster.database.transaction().execute(async (transaction) => {
    await enqueue(transaction, [chainJob('refused')]);
    throw new Error('refused');
  });
  await expect(refused).rejects.toThrow('refused');
  expect(await cluster.stored()).toHaveLength(200);
});

test('jobs are queued although another transaction holds them in another order', async () => {
  await using cluster = await openQueueCluster();
  // The key of a single operation is its id.
  const [first, second] = [operationJob('a', 'scan'), operationJob('b', 'scan')];
  const queued = cluster.database.transaction().execute(async (other) => {
    await enqueue(other, [second]);
    const alone = enqueueAlone(cluster.database, [first, second]);
    const waits = sql`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
    await expect.poll(async () => (await waits.execute(cluster.database)).rows, soon).toHaveLength(1);
    // PostgreSQL ends the one of the two that notices that they wait for each other: the one that has waited longer.
    await enqueue(other, [first]);
    return { alone };
  });
  await (await queued).alone;
  expect(await cluster.stored()).toHaveLength(2);
});

test('the jobs of a bucket become due although others queue them meanwhile', async () => {
  await using cluster = await openQueueCluster();
  const later = { notBeforeMs: Date.now() + 60_000 };
  const due = Array.from({ length: 200 }, (_, index) => chainJob(`chain-${index}`, 'b', later));
  await enqueue(cluster.database, [...due, chainJob('elsewhere', 'other', later)]);
  await Promise.all(
    Array.from({ length: 8 }, async (_, index) => {
      if (index % 2 === 0) await bringForward(cluster.database, 'memory', 'b');
      else await enqueue(cluster.database, due);
    }),
  );
  const waits = (await cluster.stored()).map(({ waitsS }) => waitsS);
  expect(waits.toSorted((one, other) => one - other)).toEqual([...Array(200).fill(0), 60]);
});

test('each helper of a verification has a job, for a place of verifications', async () => {
  await using cluster = await openQueueCluster();
  const operation = { id: 'v', kind: 'verify', projectId: 'p', storageUnitId: 'memory', bucketName: 'b' } as const;
  const help = { kind: 'part', operation, lane: 'mass', notBeforeMs: null } as const;
  await enqueue(cluster.database, [operationJob('v', 'verify'), { ...help, helper: 1 }, { ...help, helper: 2 }]);
  expect((await cluster.stored()).map(({ priority }) => priority)).toEqual([0, 0, 0]);
});
