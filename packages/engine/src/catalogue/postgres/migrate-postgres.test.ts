import { Kysely, PostgresDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import { expect, test } from 'vitest';
import { createTestDatabase, run } from '../../testing/test-database.ts';
import { newestSchema } from '../migrate.ts';
import * as migrations from '../migrations.ts';
import type { Schema } from '../schema.ts';
import { openConnectionPool } from './connection-pool.ts';
import { parseDatabaseAddress } from './database-address.ts';
import { migratePostgres } from './migrate-postgres.ts';
import { RenderForPostgres } from './render-for-postgres.ts';

/** Machines may be busy. */
const soon = { timeout: 10_000 };

/** The schema before resources had `proved_levels`. */
const before = Object.keys(migrations).indexOf('0031-worst-first');

/** A database as the release with the schema `before` left it. */
async function openEarlierDatabase() {
  await using opening = new AsyncDisposableStack();
  const { url, name } = opening.use(await createTestDatabase());
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  const earlier = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }), plugins: [new RenderForPostgres()] });
  await earlier.transaction().execute(async (db) => {
    const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
    const { error } = await migrator.migrateTo(Object.keys(migrations)[before - 1] ?? '');
    if (error !== undefined) throw error;
    await db.updateTable('schema_version').set({ version: before }).execute();
  });
  await earlier.destroy();
  const { database } = opening.use(openConnectionPool(url, 2));
  const migrated = () => migratePostgres(parseDatabaseAddress(url, 'the test'));
  const waits = async () => {
    const { rows } = await sql`select pid from pg_stat_activity
      where wait_event_type = 'Lock' and datname = current_database()`.execute(database);
    return rows.length;
  };
  const owned = opening.move();
  return { url, name, database, migrated, waits, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The rows are bare: what a step would write in addition does not matter to the migration. */
async function addResource(database: Kysely<Schema>): Promise<void> {
  const resource = { project_id: 'p', source_id: '', resource_id: 'r', backups: 1 };
  await database
    .insertInto('resources')
    .values({ ...resource, resource_name: 'r' })
    .execute();
  const newest = { level: 'linkage', backup_id: 'b', taken_at_ms: 1, taken_at_source: 'format' } as const;
  await database
    .insertInto('resource_heads')
    .values({ ...resource, ...newest })
    .execute();
}

async function addEndedOperation(database: Kysely<Schema>, id = 'o'): Promise<void> {
  await database
    .insertInto('operations')
    .values({
      ...{ id, project_id: 'p', kind: 'scan', storage_unit_id: 'u', bucket_name: 'b', actor_kind: 'user' },
      ...{ actor_name: 'ada', request_id: 'request-1', status: 'success', message: '', reason_detail: '', epoch: 0 },
      ...{ created_at_ms: 1, updated_at_ms: 1, deadline_at_ms: 1, ended_at_ms: 1 },
    })
    .execute();
}

/** What the migration knows of what was written meanwhile. */
async function counted(database: Kysely<Schema>) {
  const resources = await database.selectFrom('resources').select(['resource_id', 'proved_levels']).execute();
  const ended = await database
    .selectFrom('row_counts')
    .select(['subject', 'part', 'total'])
    .where('subject', '=', 'ended_scan')
    .execute();
  return { resources, ended };
}

const all = {
  resources: [{ resource_id: 'r', proved_levels: 1 }],
  ended: [{ subject: 'ended_scan', part: '1970-01-01 success', total: 1 }],
};

test.each(['read committed', 'repeatable read', 'serializable'])(
  'a migration counts what was written while it waited, also in a database that is %s by default',
  async (isolation) => {
    await using earlier = await openEarlierDatabase();
    await run(earlier.url, `alter database ${earlier.name} set default_transaction_isolation = '${isolation}'`);
    const { database } = earlier;
    const migrating = await database.transaction().execute(async (writer) => {
      // In the order of the steps: a migration that had locked resources first would be in the way.
      await addEndedOperation(writer);
      const answer = earlier.migrated();
      await expect.poll(earlier.waits, soon).toBe(1);
      await addResource(writer);
      return { answer };
    });
    expect(await migrating.answer).toBe(before);
    expect(await counted(database)).toEqual(all);
    // As a move loads them.
    await addEndedOperation(database, 'loaded');
    expect((await counted(database)).ended).toEqual([...all.ended, ...all.ended]);
  },
);

test('a migration that PostgreSQL ends because a step and it waited for each other is run again', async () => {
  await using earlier = await openEarlierDatabase();
  // The migration notices the deadlock, and not the step.
  await run(earlier.url, `alter database ${earlier.name} set deadlock_timeout = '2s'`);
  const { database } = earlier;
  const migrating = await database.transaction().execute(async (writer) => {
    await sql`set local deadlock_timeout = '1min'`.execute(writer);
    await addResource(writer);
    const answer = earlier.migrated();
    await expect.poll(earlier.waits, soon).toBe(1);
    await addEndedOperation(writer);
    return { answer };
  });
  expect(await migrating.answer).toBe(before);
  expect(await earlier.migrated()).toBe(newestSchema);
  expect(await counted(database)).toEqual(all);
});
