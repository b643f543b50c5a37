import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';
import { openOwnerOnly } from './data-directory.ts';
import { HeldFiles } from './held-files.ts';
import { nodeSqliteDialect } from './node-sqlite-dialect.ts';

/** Milliseconds that a statement waits for another program that reads or copies the database. */
const busyTimeoutMs = 10_000;

/** A connection to the database, with the builder of its queries. */
export type Connection = {
  readonly path: string;
  /** The database and its WAL, if there is one. The WAL stays the same file while a connection is open. */
  readonly files: HeldFiles;
  readonly sqlite: DatabaseSync;
  readonly database: Kysely<Schema>;
};

/** The access that SQLite grants. `query` is for a process that does not hold the data directory. */
export type Access = 'read' | 'write' | 'query';

/**
 * Opens the catalogue's database. SQLite itself refuses writes on a connection without `write` access.
 *
 * Throws errors of SQLite, and `DataDirectoryGoneError` if the files are gone by then.
 */
export function connect(path: string, access: Access): Connection {
  const sqlite =
    access === 'write'
      ? openOwnerOnly(path, { timeout: busyTimeoutMs })
      : new DatabaseSync(path, { timeout: busyTimeoutMs, readOnly: access === 'read' });
  try {
    if (access === 'write') {
      // This comes first, while a new database is empty. Once there are tables, it needs a VACUUM.
      sqlite.exec('PRAGMA auto_vacuum = INCREMENTAL');
      // With FULL in WAL mode, a commit that has returned is on disk. With NORMAL, a power cut would lose the last
      // ones.
      sqlite.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
    }
    // Not opened read-only: the last connection to close moves the WAL into the database, and a read-only one could
    // not.
    if (access === 'query') sqlite.exec('PRAGMA query_only = ON');
    // The first read creates the WAL.
    sqlite.exec('SELECT 1 FROM sqlite_schema LIMIT 1');
    const files = new HeldFiles(access === 'query' && !usesWal(sqlite) ? [path] : [path, `${path}-wal`]);
    return { path, files, sqlite, database: new Kysely<Schema>({ dialect: nodeSqliteDialect(sqlite) }) };
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

/** Whether the database uses a WAL. A copy made with VACUUM INTO does not, until it is opened to write. */
function usesWal(sqlite: DatabaseSync): boolean {
  return sqlite.prepare('PRAGMA journal_mode').get()?.journal_mode === 'wal';
}
