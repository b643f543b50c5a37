import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { parseDatabaseAddress } from '../../catalogue/postgres/database-address.ts';
import { migratePostgres } from '../../catalogue/postgres/migrate-postgres.ts';
import { SessionConnection } from '../../catalogue/postgres/session-connection.ts';
import { type Sleep, systemSleep } from '../../storage/bucket-budget.ts';
import { openQueueCluster } from '../../testing/queue-cluster.ts';
import { chainJob } from '../../testing/queue-over.ts';
import { enqueue, queueName } from './jobs.ts';
import { Sweeper, sweep } from './sweeper.ts';

/** Machines may be busy. */
const soon = { timeout: 10_000 };

/** Operations are stored as a bare row: what a step would write in addition does not matter to the sweeper. */
type Waiting = {
  readonly id: string;
  readonly kind?: 'import' | 'scan' | 'verify';
  readonly waitedMs?: number;
  readonly changes?: Record<string, unknown>;
};

/** A catalogue and a queue. */
async function openCatalogueWithQueue() {
  await using opening = new AsyncDisposableStack();
  const cluster = opening.use(await openQueueCluster());
  await migratePostgres(parseDatabaseAddress(cluster.url, 'the test'));
  const add = async ({ id, kind = 'scan', waitedMs = 3_600_000, changes = {} }: Waiting) => {
    const atMs = Date.now() - waitedMs;
    await cluster.database
      .insertInto('operations')
      .values({
        id,
        project_id: 'p "1"\t\u2028é\u007f',
        kind,
        storage_unit_id: 'memory',
        bucket_name: 'b',
        chain_root: kind === 'import' ? 'root\\"/\u0001' : null,
        actor_kind: 'user',
        actor_name: 'ada',
        request_id: 'request-1',
        status: 'waiting',
        message: '',
        reason_detail: '',
        created_at_ms: atMs,
        updated_at_ms: atMs,
        deadline_at_ms: atMs,
        epoch: 0,
        ...changes,
      })
      .execute();
  };
  const owned = opening.move();
  return { ...cluster, add, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test('an operation that waits without a job gets one in its lane and for its time, and only once', async () => {
  await using over = await openCatalogueWithQueue();
  await over.add({ id: 'scan', changes: { interactive_for: 'ada' } });
  await over.add({ id: 'import-1', kind: 'import', changes: { not_before_ms: Date.now() + 120_000 } });
  await over.add({ id: 'import-2', kind: 'import', changes: { not_before_ms: Date.now() + 60_000 } });
  await over.add({ id: 'verification', kind: 'verify' });
  expect(await sweep(over.database)).toBe(3);
  const stored = (await over.stored()).map(({ state, priority, waitsS }) => [state, priority, waitsS]);
  expect(stored.toSorted(([, one], [, other]) => Number(one) - Number(other))).toEqual([
    ['created', 0, 0],
    ['created', 10, 60],
    ['created', 31, 0],
  ]);
  expect(await sweep(over.database)).toBe(0);
  await sql`update pgboss.job set state = 'active' where name = ${queueName}`.execute(over.database);
  expect(await sweep(over.database)).toBe(0);
});

test('a sweep queues its jobs although its prepared statement is gone from the connection', async () => {
  await using over = await openCatalogueWithQueue();
  await over.add({ id: 'first' });
  await sweep(over.database);
  await sql`deallocate all`.execute(over.database);
  await over.add({ id: 'second' });
  expect(await sweep(over.database)).toBe(1);
  expect(await over.stored()).toHaveLength(2);
});

test('what has just begun to wait, runs, has ended, or waits for another import gets none', async () => {
  await using over = await openCatalogueWithQueue();
  await over.add({ id: 'new', waitedMs: 50_000 });
  await over.add({ id: 'runs', changes: { status: 'running' } });
  await over.add({ id: 'ended', changes: { status: 'success', ended_at_ms: 1 } });
  await over.add({ id: 'behind', kind: 'import', changes: { waits_for_backup_id: 'parent' } });
  expect(await sweep(over.database)).toBe(0);
});

test('one node at a time sweeps, and another begins when its session has ended', async () => {
  await using over = await openCatalogueWithQueue();
  await over.add({ id: 'lost' });
  const openSweeper = async () => {
    await using opening = new AsyncDisposableStack();
    const faults: unknown[] = [];
    const session = opening.use(
      await SessionConnection.open({
        address: { connectionString: over.url },
        sleep: systemSleep,
        random: Math.random,
        onLost: () => {},
      }),
    );
    opening.use(
      new Sweeper({
        database: over.database,
        session,
        sleep: (durationMs, signal) => systemSleep(durationMs / 1_000, signal),
        onFault: (error) => faults.push(error),
      }),
    );
    const owned = opening.move();
    return { session, faults, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  };
  const forget = () => sql`delete from pgboss.job where name = ${queueName}`.execute(over.database);
  await using first = await openSweeper();
  await expect.poll(() => over.stored(), soon).toHaveLength(1);
  await using second = await openSweeper();
  await first[Symbol.asyncDispose]();
  await forget();
  await expect.poll(() => over.stored(), soon).toHaveLength(1);
  expect([...first.faults, ...second.faults]).toEqual([]);
});

test('all work that lost its jobs gets them back at once, however much it is', async () => {
  await using over = await openCatalogueWithQueue();
  await over.add({ id: '0' });
  await sql`insert into operations select (jsonb_populate_record(operations, jsonb_build_object('id', given::text,
    'sequence', nextval(pg_get_serial_sequence('operations', 'sequence'))))).* from operations, generate_series(1, 1500) as given`.execute(
    over.database,
  );
  await using session = await SessionConnection.open({
    address: { connectionString: over.url },
    sleep: systemSleep,
    random: Math.random,
    onLost: () => {},
  });
  const sleeps = Promise.withResolvers<number>();
  const sleep: Sleep = async (durationMs, signal) => {
    sleeps.resolve((await over.stored()).length);
    await systemSleep(durationMs, signal);
  };
  await using _sweeper = new Sweeper({ database: over.database, session, sleep, onFault: sleeps.reject });
  expect(await sleeps.promise).toBe(1_501);
});

test('a chain with the longest names that storage allows can be queued', async () => {
  await using over = await openQueueCluster();
  const long = '漢'.repeat(341);
  await enqueue(over.database, [chainJob(long, long), chainJob(`${long}2`, long)]);
  expect(await over.stored()).toHaveLength(2);
});
