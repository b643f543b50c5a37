import { type Kysely, sql, type Transaction } from 'kysely';
import { differencesOf } from '../catalogue/differences.ts';
import { newestSchema } from '../catalogue/migrate.ts';
import { checkDatabaseToLoad } from '../catalogue/postgres/check-database.ts';
import { openConnectionPool } from '../catalogue/postgres/connection-pool.ts';
import { DatabaseError, parseDatabaseAddress } from '../catalogue/postgres/database-address.ts';
import type { Schema } from '../catalogue/schema.ts';
import { nodePace } from '../nodes/live-nodes.ts';

/** The PostgreSQL database that a catalogue is moved to. */
export type PostgresTarget = AsyncDisposable & {
  /** Host, port and name of the database: no user and no password. */
  readonly name: string;
  readonly database: Kysely<Schema>;
};

/**
 * Opens a database. `origin` names where its address comes from. Throws {@link DatabaseError} if it cannot be used, or
 * its schema is not that of this release.
 */
export async function openPostgresTarget(url: string, origin: string): Promise<PostgresTarget> {
  const address = parseDatabaseAddress(url, origin);
  await checkDatabaseToLoad(address);
  await using opening = new AsyncDisposableStack();
  const { database } = opening.use(openConnectionPool(address.url, 1));
  const { version } = await database.selectFrom('schema_version').select('version').executeTakeFirstOrThrow();
  if (version !== newestSchema) {
    throw new DatabaseError(
      `The database ${address.shown} has schema ${version}; this release moves a catalogue to schema ${newestSchema}. ` +
        'Use the release that created the database.',
    );
  }
  const opened = opening.move();
  return { name: address.shown, database, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Throws {@link DatabaseError} if a node uses the catalogue in the database. */
export async function refuseLiveNodes({ database, name }: PostgresTarget): Promise<void> {
  const oldest = sql<number>`${differencesOf(database).nowMs} - ${sql.lit(nodePace.deadAfterMs)}`;
  const nodes = await database.selectFrom('nodes').where('heartbeat_at_ms', '>', oldest).select('id').execute();
  if (nodes.length === 0) return;
  throw new DatabaseError(
    `The database ${name} is in use by ${nodes.length === 1 ? '1 node' : `${nodes.length} nodes`}. Stop every process ` +
      'on it first: "backup-sync nodes list" shows them.',
  );
}

/** Lets a table number its next row after the greatest number in it. */
export async function continueNumbers(transaction: Transaction<Schema>, table: string, column: string): Promise<void> {
  const [ofTable, ofColumn] = [sql.table(table), sql.ref(column)];
  await sql`select setval(pg_get_serial_sequence(${table}, ${column}), max(${ofColumn})) from ${ofTable}
    having max(${ofColumn}) is not null`.execute(transaction);
}
