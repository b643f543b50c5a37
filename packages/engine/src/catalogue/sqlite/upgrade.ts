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

/** What SQLite answers to `PRAGMA auto_vacuum` of a database that can give back free pages in steps. */
const incremental = 2;

/** Free bytes that an upgrade leaves, for the WAL and whatever else writes to the disk meanwhile. */
const marginBytes = 16 * 1024 * 1024;

/** Ends the name of a copy that is not verified yet. */
const partial = '.partial';
const copyName = /^catalogue\.schema-\d+\.sqlite(\.partial(-(journal|wal|shm))?)?$/;

/** The catalogue has the schema of an older release, and whoever opens it may not upgrade it. For the operator. */
export class OlderSchemaError extends Error {
  override readonly name = 'OlderSchemaError';

  constructor(found: number) {
    super(
      `The catalogue has schema ${found}; this release needs schema ${newestSchema}, and a command that only reads ` +
        'never upgrades it. Start "backup-sync serve", which keeps a copy of the old database first.',
    );
  }
}

/**
 * Brings the database up to this release. A new one gets its tables. One with records is copied first; then it is
 * compacted once, so that it can give back space in steps from then on, and migrated. An upgrade that was interrupted is
 * done again from the start.
 *
 * Throws {@link OlderSchemaError} unless it `mayMigrate`, what {@link findSchema} throws, and `DataDirectoryError` if there
 * is too little space or the copy does not equal the database. In each of these cases the database is as it was.
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

/** Throws unless the database has the schema of this release, as {@link upgrade} does. Changes nothing. */
export function checkSchema(connection: Connection): void {
  const found = findSchema(connection);
  if (found === newestSchema) return;
  const { path } = connection;
  // A first start that has not come far.
  if (found === 0) throw new DataDirectoryError(`The catalogue ${path} is still empty. Start again in a moment.`);
  throw new OlderSchemaError(found);
}

/** The copies that upgrades have left in a data directory. */
export function listCopies(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => copyName.test(name) && !name.includes(partial))
    .map((name) => join(directory, name));
}

/** The copy is one size of the database, and so is what the migrations may write. A VACUUM writes it twice. */
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

/** Answers where the copy is: verified, on disk, and for its owner alone. */
async function keepCopy({ sqlite, path }: Connection, found: number): Promise<string> {
  const directory = dirname(path);
  const copyPath = join(directory, `catalogue.schema-${found}.sqlite`);
  const partPath = copyPath + partial;
  rmSync(partPath, { force: true });
  // SQLite takes an empty file, and would make one that others may read.
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

/** Makes a copy that is put back open like the original: for those who only read, there must be a WAL. */
function useWal(partPath: string): void {
  using copy = new DatabaseSync(partPath);
  copy.exec('PRAGMA journal_mode = WAL');
}

/** Throws `DataDirectoryError` unless the copy is whole and has as many rows in every table. */
function verifyCopy(original: DatabaseSync, partPath: string): void {
  using copy = new DatabaseSync(partPath, { readOnly: true });
  const faults = copy.prepare('PRAGMA integrity_check(1)').all().map(textOf);
  const tables = original.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all().map(textOf);
  const differing = tables.filter((table) => {
    const count = `SELECT count(*) FROM "${table}"`;
    return numberOf(copy, count) !== numberOf(original, count);
  });
  if (faults.join() === 'ok' && differing.length === 0) return;
  const what = differing.length > 0 ? `the tables ${differing.join(', ')} differ` : faults.join();
  throw new DataDirectoryError(
    `The copy of the catalogue that an upgrade keeps is not whole: ${what}. The catalogue was not changed; check its disk.`,
  );
}

/** Rewrites the database, which the setting needs that every connection makes; see connection.ts. */
function vacuum({ sqlite, path }: Connection): void {
  // The disk that has been looked at, rather than the one for temporary files. A path has no parameter here.
  const directory = dirname(path).replaceAll("'", "''");
  sqlite.exec(`PRAGMA temp_store_directory = '${directory}'`);
  try {
    sqlite.exec('VACUUM');
  } finally {
    sqlite.exec("PRAGMA temp_store_directory = ''");
  }
  // The WAL has the whole database in it by now.
  sqlite.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}

/** One copy is kept, of the upgrade that has just succeeded; and nothing that a killed one has left. */
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
