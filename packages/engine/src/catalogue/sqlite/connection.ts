import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';
import { openOwnerOnly } from './data-directory.ts';
import { HeldFiles } from './held-files.ts';
import { nodeSqliteDialect } from './node-sqlite-dialect.ts';

/** How long a statement waits for another program that reads or copies the database. */
const busyTimeoutMs = 10_000;

/** One connection, to run statements and transactions on, and the builder of its queries. */
export type Connection = {
  readonly path: string;
  /** The database and its WAL, which stays the same file while a connection is open. */
  readonly files: HeldFiles;
  readonly sqlite: DatabaseSync;
  readonly database: Kysely<Schema>;
};

/** `query` is for a process that does not hold the data directory. */
export type Access = 'read' | 'write' | 'query';

/**
 * Opens the catalogue's database. Only a connection with `write` access can write, by SQLite's word.
 *
 * Throws what SQLite says, and `DataDirectoryGoneError` if the files are gone by then.
 */
export function connect(path: string, access: Access): Connection {
  const sqlite =
    access === 'write'
      ? openOwnerOnly(path, { timeout: busyTimeoutMs })
      : new DatabaseSync(path, { timeout: busyTimeoutMs, readOnly: access === 'read' });
  try {
    if (access === 'write') {
      // First, while a new database is empty: of one that has tables, it takes a VACUUM.
      sqlite.exec('PRAGMA auto_vacuum = INCREMENTAL');
      // FULL: in WAL mode, a commit is on disk when it has answered. (NORMAL would lose the last ones with the power.)
      sqlite.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
    }
    // Not read-only for SQLite: the last connection to close moves the WAL into the database, and that one could not.
    if (access === 'query') sqlite.exec('PRAGMA query_only = ON');
    // The WAL is made by the first read.
    sqlite.exec('SELECT 1 FROM sqlite_schema LIMIT 1');
    const files = new HeldFiles([path, `${path}-wal`]);
    return { path, files, sqlite, database: new Kysely<Schema>({ dialect: nodeSqliteDialect(sqlite) }) };
  } catch (error) {
    sqlite.close();
    throw error;
  }
}
