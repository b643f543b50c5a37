import { expect, test } from 'vitest';
import { openConnectionPool } from '../../catalogue/postgres/connection-pool.ts';
import { createTestDatabase, run } from '../../testing/test-database.ts';
import { JobStore } from './job-store.ts';
import { findPgBossDrift, migratePgBoss } from './pg-boss-schema.ts';

async function openStore(url: string): Promise<void> {
  await using connections = openConnectionPool(url, 2);
  const onFault = (error: unknown) => expect.unreachable(String(error));
  await using _jobs = await JobStore.open({ connections, onFault });
}

test('the schema is made once, by several nodes at the same time too, and then has no drift', async () => {
  await using database = await createTestDatabase();
  await Promise.all([migratePgBoss(database.url), migratePgBoss(database.url)]);
  await migratePgBoss(database.url);
  expect((await findPgBossDrift(database.url)).ok).toBe(true);
  await openStore(database.url);
});

test('a changed schema is found, and a node makes nothing that is missing', async () => {
  await using database = await createTestDatabase();
  await expect(openStore(database.url)).rejects.toThrow('pg-boss is not installed');
  await migratePgBoss(database.url);
  await run(database.url, 'drop index pgboss.job_common_i3');
  expect((await findPgBossDrift(database.url)).ok).toBe(false);
  await run(database.url, `delete from pgboss.queue`);
  await expect(openStore(database.url)).rejects.toThrow('the queue "work" is missing');
});

test('migrating waits until the indexes of a newer schema are built', async () => {
  await using database = await createTestDatabase();
  await migratePgBoss(database.url);
  await run(
    database.url,
    `insert into pgboss.bam (name, version, status, table_name, command)
    values ('an index', 46, 'pending', 'job_common', 'CREATE INDEX CONCURRENTLY job_common_built ON pgboss.job_common (created_on)')`,
  );
  await migratePgBoss(database.url);
  await run(database.url, 'drop index pgboss.job_common_built');
});
