import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { createMigratedDatabase } from '../../testing/postgres-catalogue.ts';
import { openConnectionPool } from './connection-pool.ts';
import { keepStatistics } from './keep-statistics.ts';

test('a table that has grown is known to the planner at once, and one that has hardly grown is not read again', async () => {
  await using migrated = await createMigratedDatabase();
  await using pool = openConnectionPool(migrated.url, 1);
  const { database } = pool;
  const add = async (from: number, to: number) => {
    await sql`insert into pending_events (project_id, operation_id, status, at_ms, noted_at_ms)
      select 'p', n::text, 'waiting', n, n from generate_series(${sql.lit(from)}, ${sql.lit(to)}) as n`.execute(
      database,
    );
    // Otherwise a session tells what it has written a second later.
    await sql`select pg_stat_force_next_flush()`.execute(database);
  };
  const known = async () => {
    const { rows } = await sql<{ known: number }>`
      select reltuples as known from pg_class where relname = 'pending_events'`.execute(database);
    return rows[0]?.known;
  };
  await add(1, 2_000);
  await keepStatistics(database);
  expect(await known()).toBe(2_000);
  await add(2_001, 3_000);
  await keepStatistics(database);
  expect(await known()).toBe(2_000);
  await add(3_001, 9_000);
  await keepStatistics(database);
  expect(await known()).toBe(9_000);
});
