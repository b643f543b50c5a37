import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';
import { openOwnerOnly } from './data-directory.ts';
import { nodeSqliteDialect } from './node-sqlite-dialect.ts';

/** How long a statement waits for another program that reads or copies the database. */
const busyTimeoutMs = 10_000;

/** One connection, to run statements and transactions on, and the builder of its queries. */
export type Connection = {
  readonly sqlite: DatabaseSync;
  readonly database: Kysely<Schema>;
};

export type Access = 'read' | 'write';

/** Opens the catalogue's database. A connection that reads cannot write, by SQLite's word. */
export function connect(path: string, access: Access): Connection {
  const sqlite =
    access === 'write'
      ? openOwnerOnly(path, { timeout: busyTimeoutMs })
      : new DatabaseSync(path, { timeout: busyTimeoutMs, readOnly: true });
  if (access === 'write') {
    // FULL: in WAL mode, a commit is on disk when it has answered. (NORMAL would lose the last ones with the power.)
    sqlite.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
  }
  return { sqlite, database: new Kysely<Schema>({ dialect: nodeSqliteDialect(sqlite) }) };
}
