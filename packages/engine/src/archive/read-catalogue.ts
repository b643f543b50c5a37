import { type Kysely, sql } from 'kysely';
import { checkDatabase } from '../catalogue/postgres/check-database.ts';
import { openConnectionPool } from '../catalogue/postgres/connection-pool.ts';
import type { DatabaseAddress } from '../catalogue/postgres/database-address.ts';
import { catalogueFault } from '../catalogue/postgres/postgres-fault.ts';
import type { Schema } from '../catalogue/schema.ts';
import { connect } from '../catalogue/sqlite/connection.ts';
import { DataDirectoryError, findDatabase } from '../catalogue/sqlite/data-directory.ts';
import { refuseMoved } from '../catalogue/sqlite/move-mark.ts';
import { checkSchema } from '../catalogue/sqlite/upgrade.ts';

/** Where a catalogue is: the path of a data directory, or the address of a PostgreSQL database. */
export type CataloguePlace = string | DatabaseAddress;

/**
 * Calls `read` with a catalogue as it is at one moment, while other processes may use it. Writes nothing.
 *
 * Throws the errors of `openSqliteCatalogueToRead`, or `DatabaseError` and `CatalogueUnavailableError`.
 */
export function readCatalogue<Result>(
  place: CataloguePlace,
  read: (database: Kysely<Schema>) => Promise<Result>,
): Promise<Result> {
  return typeof place === 'string' ? readDirectory(place, read) : readDatabase(place, read);
}

async function readDirectory<Result>(
  directory: string,
  read: (database: Kysely<Schema>) => Promise<Result>,
): Promise<Result> {
  const path = findDatabase(directory);
  refuseMoved(directory);
  try {
    const connection = connect(path, 'query');
    try {
      checkSchema(connection);
      // All of its reads are of the moment of the first. Writers continue, and their WAL grows meanwhile.
      const transaction = await connection.database.startTransaction().execute();
      try {
        return await read(transaction);
      } finally {
        // There is nothing to roll back, and a damaged file may not allow it.
        await transaction
          .rollback()
          .execute()
          .catch(() => {});
      }
    } finally {
      await connection.database.destroy();
    }
  } catch (error) {
    const isOfSqlite = error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR';
    if (!isOfSqlite) throw error;
    throw new DataDirectoryError(
      `The catalogue ${path} cannot be read: ${error.message}. Run "backup-sync catalogue check" on it, or restore a backup.`,
      { cause: error },
    );
  }
}

async function readDatabase<Result>(
  address: DatabaseAddress,
  read: (database: Kysely<Schema>) => Promise<Result>,
): Promise<Result> {
  await checkDatabase(address);
  await using pool = openConnectionPool(address.url, 1);
  const transaction = pool.database.transaction().setIsolationLevel('repeatable read').setAccessMode('read only');
  try {
    return await transaction.execute(async (database) => {
      // The disk that an archive is written to may be slow.
      await sql`set local idle_in_transaction_session_timeout = 0`.execute(database);
      // A check of a large catalogue reads whole tables in one statement.
      await sql`set local statement_timeout = 0`.execute(database);
      return await read(database);
    });
  } catch (error) {
    throw catalogueFault(error);
  }
}
