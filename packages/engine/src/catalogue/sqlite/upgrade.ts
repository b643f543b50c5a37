import { readdirSync, rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { syncDirectory } from '../../sync-directory.ts';
import { migrate, newestSchema } from '../migrate.ts';
import type { Connection } from './connection.ts';
import { DataDirectoryError } from './data-directory.ts';
import { findSchema } from './find-schema.ts';
import { freeBytes } from './full-disk.ts';

/** The value of `PRAGMA auto_vacuum` in a database that can release free pages in steps. */
const incremental = 2;

/** Free bytes that an upgrade leaves for the WAL and for other programs that write to the disk meanwhile. */
const marginBytes = 16 * 1024 * 1024;

/** The end of the name of a copy that is not verified yet. */
const partial = '.partial';
const copyName = /^catalogue\.schema-\d+\.sqlite(\.partial(-(journal|wal|shm))?)?$/;

/**
 * The catalogue has the schema of an older release and may not be upgraded by this command. The message is for the
 * operator.
 */
export class OlderSchemaError extends Error {
  override readonly name = 'OlderSchemaError';

  constructor(found: number) {
    super(
      `The catalogue has schema ${found}; this release needs schema ${newestSchema}, and a command that only reads ` +
        'never upgrades it. Start "backup-sync serve": it upgrades the catalogue and keeps a copy of the old one.',
    );
  }
}

/**
 * Upgrades the database to the schema of this release. A new database gets its tables. A database with records is
 * copied first. Then it is compacted, if it cannot release space in steps yet, and migrated. An interrupted upgrade
 * starts again from the beginning.
 *
 * Throws {@link OlderSchemaError} unless it `mayMigrate`, the errors of {@link findSchema}, and `DataDirectoryError` if
 * there is too little space or the copy does not equal the database. In each of these cases the database is unchanged.
 */
export async function upgrade(connection: Connection, { mayMigrate }: { readonly mayMigrate: boolean }): Promise<void> {
  const found = findSchema(connection);
  if (found === 0) return migrate(connection.database);
  if (found === newestSchema) return;
  if (!mayMigrate) throw new OlderSchemaError(found);
  const needsVacuum = numberOf(connection.sqlite, 'PRAGMA auto_vacuum') !== incremental;
  checkSpace(connection, found, needsVacuum);
  const copyPath = await keepCopy(connection, found);
  if (needsVacuum) vacuum(connection);
  await migrate(connection.database, found);
  removeOtherCopies(copyPath);
}

/** Throws the errors of {@link upgrade} unless the database has the schema of this release. Changes nothing. */
export function checkSchema(connection: Connection): void {
  const found = findSchema(connection);
  if (found === newestSchema) return;
  const { path } = connection;
  if (found === 0) throw emptyCatalogue(path);
  throw new OlderSchemaError(found);
}

/** The error of a command that only reads, if a first start is still under way or was killed. */
export function emptyCatalogue(path: string): DataDirectoryError {
  return new DataDirectoryError(
    `The catalogue ${path} is empty: its first start has not created the tables. If a command is just starting, try ` +
      'again in a moment. Otherwise, start "backup-sync serve" or run a command that writes, such as ' +
      '"backup-sync sync": it creates them.',
  );
}

/** Returns the paths of the copies that upgrades have left in a data directory. */
export function listCopies(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => copyName.test(name) && !name.includes(partial))
    .map((name) => join(directory, name));
}

/**
 * Throws `DataDirectoryError` if the disk has too little space. The copy needs the size of the database, and the
 * migrations may write as much again. A VACUUM writes it twice.
 */
function checkSpace({ sqlite, path }: Connection, found: number, needsVacuum: boolean): void {
  const databaseBytes = numberOf(sqlite, 'PRAGMA page_count') * numberOf(sqlite, 'PRAGMA page_size');
  const neededBytes = (needsVacuum ? 3 : 2) * databaseBytes + marginBytes;
  const availableBytes = freeBytes(dirname(path));
  if (availableBytes >= neededBytes) return;
  throw new DataDirectoryError(
    `Upgrading ${path} from schema ${found} to ${newestSchema} needs ${inMiB(neededBytes)} of free space on its disk, ` +
      `and ${inMiB(availableBytes)} is free. Free space, then start again; nothing was changed.`,
  );
}

/** Copies the database and returns the path of the copy: verified, on disk, and accessible only to its owner. */
async function keepCopy({ sqlite, path }: Connection, found: number): Promise<string> {
  const directory = dirname(path);
  const copyPath = join(directory, `catalogue.schema-${found}.sqlite`);
  const partPath = copyPath + partial;
  rmSync(partPath, { force: true });
  // Created here because SQLite accepts an empty file, and would itself create one that others can read.
  await using part = await open(partPath, 'wx', 0o600);
  try {
    sqlite.prepare('VACUUM INTO ?').run(partPath);
    verifyCopy(sqlite, partPath);
    useWal(partPath);
    await part.sync();
    await rename(partPath, copyPath);
  } catch (error) {
    rmSync(partPath, { force: true });
    throw error;
  }
  await syncDirectory(directory);
  return copyPath;
}

/** Lets a restored copy be opened like the original: connections that only read need a WAL. */
function useWal(partPath: string): void {
  using copy = new DatabaseSync(partPath);
  copy.exec('PRAGMA journal_mode = WAL');
}

/** Throws `DataDirectoryError` unless the copy is intact and every table has the same number of rows. */
function verifyCopy(original: DatabaseSync, partPath: string): void {
  using copy = new DatabaseSync(partPath, { readOnly: true });
  const faults = copy.prepare('PRAGMA integrity_check(1)').all().map(textOf);
  const tables = original.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all().map(textOf);
  const differing = tables.filter((table) => {
    const count = `SELECT count(*) FROM "${table}"`;
    return numberOf(copy, count) !== numberOf(original, count);
  });
  if (faults.join() === 'ok' && differing.length === 0) return;
  const what = differing.length > 0 ? `the number of rows differs in ${differing.join(', ')}` : faults.join();
  throw new DataDirectoryError(
    `The upgrade could not make a complete copy of the catalogue: ${what}. Nothing was changed. Check the disk, then ` +
      'start again.',
  );
}

/** Rewrites the database: only then does the setting take effect that connection.ts makes on every connection. */
function vacuum({ sqlite, path }: Connection): void {
  // On the disk that was checked for space, not the one for temporary files. A PRAGMA takes no parameter for a path.
  const directory = dirname(path).replaceAll("'", "''");
  sqlite.exec(`PRAGMA temp_store_directory = '${directory}'`);
  try {
    sqlite.exec('VACUUM');
  } finally {
    sqlite.exec("PRAGMA temp_store_directory = ''");
  }
  // By now the WAL contains the whole database.
  sqlite.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}

/** Removes all copies except the one of the upgrade that has just succeeded, and the remains of killed upgrades. */
function removeOtherCopies(kept: string): void {
  const directory = dirname(kept);
  for (const name of readdirSync(directory)) {
    if (copyName.test(name) && name !== basename(kept)) rmSync(join(directory, name));
  }
}

function numberOf(sqlite: DatabaseSync, sql: string): number {
  return Number(Object.values(sqlite.prepare(sql).get() ?? {})[0]);
}

function textOf(row: Record<string, unknown>): string {
  return String(Object.values(row)[0]);
}

function inMiB(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)} MiB`;
}
