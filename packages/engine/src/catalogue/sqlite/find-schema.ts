import type { DatabaseSync } from 'node:sqlite';
import { newestSchema } from '../migrate.ts';
import * as migrations from '../migrations.ts';
import type { Connection } from './connection.ts';
import { DataDirectoryError } from './data-directory.ts';

/** A newer release wrote the catalogue. This release does not open it, since it would misread it. */
export class NewerSchemaError extends Error {
  override readonly name = 'NewerSchemaError';
  readonly found: number;
  readonly known: number;

  constructor(found: number, known: number) {
    super(
      `The catalogue has schema ${found}; this release knows schemas up to ${known}. ` +
        'Use the release that wrote it, or a newer one.',
    );
    this.found = found;
    this.known = known;
  }
}

/** The names of the migrations in order: the exports of a module are sorted by name. */
const known = Object.keys(migrations);

/** The tables in which migrations are recorded: those of Kysely's Migrator, and the one used before schema 18. */
const recordTables = ['kysely_migration', 'kysely_migration_lock', 'schema_migrations'];

/**
 * Returns the schema of a database: the number of its newest migration, 0 if it is new. Changes nothing.
 *
 * Throws {@link NewerSchemaError}, or `DataDirectoryError` if the recorded migrations are not those of a release.
 */
export function findSchema({ sqlite, path }: Connection): number {
  const { tables, recorded } = readMigrations(sqlite);
  const newest = Math.max(0, ...recorded.map(numberOf));
  if (newest > newestSchema) throw new NewerSchemaError(newest, newestSchema);
  const wrong = recorded.findIndex((name, index) => name !== known[index]);
  if (wrong !== -1) {
    const fault = known[wrong] === undefined ? 'no release knows' : `should be "${known[wrong]}"`;
    throw notOurs(path, `its migration ${wrong + 1} is recorded as "${recorded[wrong]}", which ${fault}`);
  }
  const other = tables.find((table) => !recordTables.includes(table));
  if (recorded.length === 0 && other !== undefined) {
    throw notOurs(path, `it has a table "${other}", and no migration is recorded`);
  }
  return recorded.length;
}

/** Returns the tables of a database, and the names of its recorded migrations in order. */
function readMigrations(sqlite: DatabaseSync): { readonly tables: string[]; readonly recorded: string[] } {
  const list = (sql: string) =>
    sqlite
      .prepare(sql)
      .all()
      .map((row) => String(Object.values(row)[0]));
  // In one transaction, because another process may upgrade the database between the reads.
  sqlite.exec('BEGIN');
  try {
    const tables = list(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    );
    if (tables.includes('kysely_migration')) {
      return { tables, recorded: list('SELECT name FROM kysely_migration ORDER BY name') };
    }
    if (!tables.includes('schema_migrations')) return { tables, recorded: [] };
    const numbers = list('SELECT number FROM schema_migrations ORDER BY number');
    return { tables, recorded: numbers.map((number) => known[Number(number) - 1] ?? number) };
  } finally {
    // After some faults, SQLite has already ended the transaction. Ending it again would hide the fault.
    if (sqlite.isTransaction) sqlite.exec('ROLLBACK');
  }
}

/** The number at the start of a migration's name; 0 if there is none. */
function numberOf(name: string): number {
  return Number(/^\d+/.exec(name)?.[0] ?? 0);
}

function notOurs(path: string, what: string): DataDirectoryError {
  return new DataDirectoryError(
    `The catalogue ${path} cannot be opened: ${what}. The file was damaged, or changed by another ` +
      'program; opening it wrote nothing. Restore the data directory from a copy, or create a new catalogue in a new ' +
      'directory.',
  );
}
