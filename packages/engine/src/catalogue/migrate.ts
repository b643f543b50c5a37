import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import * as migrations from './migrations.ts';
import type { Schema } from './schema.ts';

/** The schema that this release needs: the number of its newest migration. */
export const newestSchema = Object.keys(migrations).length;

/**
 * The oldest schema whose release can use a database with the newest one, next to this release. A change that would
 * break that release is made in two steps: first only add, and remove a release later.
 */
export const oldestCompatibleSchema = 21;

/** Replaces a migration that an earlier release has run and recorded in a table that Kysely does not know. */
const alreadyRun: Migration = { async up() {} };

/**
 * Brings the schema up to date, and records its migrations as Kysely's Migrator does. The first `found` migrations have
 * been run already, by any release. Never goes back.
 *
 * Everything is one transaction. Otherwise an interrupted first start would leave an older schema, and the next start
 * would take it for the catalogue of an older release.
 */
export async function migrate(database: Kysely<Schema>, found = 0): Promise<void> {
  const all: [string, Migration][] = Object.entries(migrations);
  const run = Object.fromEntries(all.map(([name, migration], index) => [name, index < found ? alreadyRun : migration]));
  await database.transaction().execute(async (transaction) => {
    const migrator = new Migrator({ db: transaction, provider: { getMigrations: async () => run } });
    const { error } = await migrator.migrateToLatest();
    if (error !== undefined) throw error;
    await transaction
      .updateTable('schema_version')
      .set({ version: newestSchema, oldest_compatible: oldestCompatibleSchema })
      .execute();
  });
}
