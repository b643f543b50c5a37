import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import * as migrations from '../catalogue/migrations.ts';
import { nodeSqliteDialect } from '../catalogue/sqlite/node-sqlite-dialect.ts';

/** The newest schema of the releases that recorded migrations by number, in a separate table. */
export const lastNumberedSchema = 17;

type MigrationTable = { schema_migrations: { number: number; name: string } };

/**
 * Opens a database like an early release that recorded migrations by number and knew schemas up to `newestSchema`. This
 * is the code of those releases, which people may still run on a current data directory.
 */
export async function migrateAsEarlierRelease(sqlite: DatabaseSync, newestSchema: number): Promise<void> {
  const database = new Kysely<unknown>({ dialect: nodeSqliteDialect(sqlite) });
  await database.schema
    .createTable('schema_migrations')
    .ifNotExists()
    .addColumn('number', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .execute();
  const newest = await database
    .withTables<MigrationTable>()
    .selectFrom('schema_migrations')
    .select('number')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  const found = newest?.number ?? 0;
  if (found > newestSchema) {
    throw new Error(
      `The catalogue has schema ${found}; this release knows schemas up to ${newestSchema}. ` +
        'Use the release that wrote it, or a newer one.',
    );
  }
  await database.transaction().execute(async (transaction) => {
    for (const [index, [name, { up }]] of Object.entries(migrations).slice(0, newestSchema).entries()) {
      if (index < found) continue;
      await up(transaction);
      await transaction
        .withTables<MigrationTable>()
        .insertInto('schema_migrations')
        .values({ number: index + 1, name })
        .execute();
    }
  });
}

/** Creates the database of a catalogue as written by the release whose newest schema was this one. */
export async function makeDatabaseOfSchema(path: string, schema: number): Promise<DatabaseSync> {
  const sqlite = new DatabaseSync(path);
  sqlite.exec('PRAGMA journal_mode = WAL');
  if (schema <= lastNumberedSchema) {
    await migrateAsEarlierRelease(sqlite, schema);
    return sqlite;
  }
  const database = new Kysely<unknown>({ dialect: nodeSqliteDialect(sqlite) });
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateTo(Object.keys(migrations)[schema - 1] ?? '');
  if (error !== undefined) throw error;
  return sqlite;
}
