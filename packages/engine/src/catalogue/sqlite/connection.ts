import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';
import { openOwnerOnly } from './data-directory.ts';
import { HeldFiles } from './held-files.ts';
import { nodeSqliteDialect } from './node-sqlite-dialect.ts';

/** Milliseconds that a statement waits for another program that reads or copies the database. */
const busyTimeoutMs = 10_000;

/**
 * Room for the pages that a group of steps changes. With SQLite's default of 2 MB, acceptance would write pages out and
 * read them again within its own transaction. In KiB; a connection uses less until it needs them.
 */
const cacheKib = 32 * 1024;

/** Pages of the WAL after which a commit moves them into the database: 16 MB. Pages that change often move less often. */
const checkpointPages = 4_000;

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
      // Each step has a savepoint. Otherwise the pages that it may have to restore would go through a temporary file.
      sqlite.exec(`PRAGMA temp_store = MEMORY; PRAGMA cache_size = -${cacheKib}`);
      sqlite.exec(`PRAGMA wal_autocheckpoint = ${checkpointPages}`);
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
