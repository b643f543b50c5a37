import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { createTestDatabase, run } from '../../testing/test-database.ts';
import { openConnectionPool } from './connection-pool.ts';
import { catalogueFault } from './postgres-fault.ts';

test('a login that is refused and a database that is gone are those of a catalogue that does not answer now', async () => {
  await using server = await createTestDatabase();
  const changes: readonly ((url: URL) => void)[] = [
    (url) => {
      url.password = 'changed';
    },
    (url) => {
      url.pathname = '/gone';
    },
  ];
  for (const change of changes) {
    const url = new URL(server.url);
    change(url);
    await using connections = openConnectionPool(url.href, 1);
    const fault = await sql`select 1`.execute(connections.database).catch(catalogueFault);
    expect(fault).toMatchObject({ name: 'CatalogueUnavailableError' });
  }
});

test('a connection that is cut in the middle of a step fails the step, and nothing else', async () => {
  await using server = await createTestDatabase();
  await using connections = openConnectionPool(server.url, 1);
  const { database } = connections;
  const step = database.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(transaction);
    await run(server.url, `select pg_terminate_backend(${rows[0]?.pid}, 5000)`);
    await sql`select 1`.execute(transaction);
  });
  const fault = await step.catch(catalogueFault);
  expect(fault).toMatchObject({ name: 'CatalogueUnavailableError' });
  expect((await sql<{ one: number }>`select 1 as one`.execute(database)).rows).toEqual([{ one: 1 }]);
});
