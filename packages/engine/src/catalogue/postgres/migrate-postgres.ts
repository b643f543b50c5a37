import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { migrate, newestSchema } from '../migrate.ts';
import type { Schema } from '../schema.ts';
import { checkServerOf } from './check-database.ts';
import { type DatabaseAddress, DatabaseError } from './database-address.ts';
import { isConflict, untilUnhindered } from './postgres-fault.ts';
import { RenderForPostgres } from './render-for-postgres.ts';

/**
 * How PostgreSQL keeps the tables that change most: it leaves room for newer forms of a row on the same page, and
 * removes old forms before there are many.
 */
const storage = {
  operations: 70,
  pending_events: 100,
  backups: 90,
  resources: 70,
  resource_heads: 70,
  row_counts: 70,
} as const;

/**
 * Creates the catalogue in a PostgreSQL database, or brings its schema up to date, while processes of the previous
 * release use it. Returns the schema it had before, 0 if none. Throws {@link DatabaseError}.
 */
export async function migratePostgres(address: DatabaseAddress): Promise<number> {
  await checkServerOf(address);
  const pool = new pg.Pool({ connectionString: address.url, max: 1 });
  // A transaction that has failed answers everything else with an error that does not say why. Kysely's Migrator throws
  // that one.
  let firstError: unknown = null;
  const pooled = new Kysely<Schema>({
    dialect: new PostgresDialect({ pool }),
    plugins: [new RenderForPostgres()],
    log: (event) => {
      if (event.level === 'error') firstError ??= event.error;
    },
  });
  try {
    return await pooled.connection().execute(async (database) => {
      // Another process that migrates finds everything done. The lock ends with the connection.
      await sql`select pg_advisory_lock(hashtextextended('migrate', 0))`.execute(database);
      // Whatever the database's default: each statement of a migration has to see what was committed before it.
      await sql`set default_transaction_isolation = 'read committed'`.execute(database);
      const found = await findSchema(database);
      refuseNewer(found, address);
      const run = () => {
        firstError = null;
        return migrate(database);
      };
      await untilUnhindered(run, () => isConflict(firstError));
      await setStorage(database);
      return found;
    });
  } catch (error) {
    throw firstError ?? error;
  } finally {
    await pooled.destroy();
  }
}

function refuseNewer(found: number, { shown }: DatabaseAddress): void {
  if (found <= newestSchema) return;
  throw new DatabaseError(
    `The database ${shown} has schema ${found}; this release knows schemas up to ${newestSchema}. ` +
      'Use the release that wrote it, or a newer one.',
  );
}

async function setStorage(database: Kysely<Schema>): Promise<void> {
  for (const [table, fillFactor] of Object.entries(storage)) {
    await sql`alter table ${sql.table(table)} set (
      fillfactor = ${sql.lit(fillFactor)}, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000
    )`.execute(database);
  }
}

async function findSchema(database: Kysely<Schema>): Promise<number> {
  const { rows: tables } = await sql<{ has: boolean }>`
    select to_regclass('schema_version') is not null as has`.execute(database);
  if (tables[0]?.has !== true) return 0;
  const { rows } = await sql<{ version: string }>`select version from schema_version`.execute(database);
  return Number(rows[0]?.version ?? 0);
}
