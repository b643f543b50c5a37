import { existsSync, rmSync } from 'node:fs';
import { lchown, lstat, open, readdir, rename, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Transaction } from 'kysely';
import { migrate } from '../catalogue/migrate.ts';
import type { Schema } from '../catalogue/schema.ts';
import { connect } from '../catalogue/sqlite/connection.ts';
import { DataDirectoryError, holdDataDirectory, restoringPath } from '../catalogue/sqlite/data-directory.ts';
import { orCatalogueFull } from '../catalogue/sqlite/full-disk.ts';
import { refuseMoved } from '../catalogue/sqlite/move-mark.ts';
import type { Clock } from '../clock.ts';
import { readKeyOf, writeKeyTo } from '../identity/secret-seal.ts';
import { memoryInDirectory } from '../storage/remembered-storage-unit.ts';
import { syncDirectory } from '../sync-directory.ts';
import type { ArchiveHeader, TableSummary } from './archive-format.ts';
import { finishLoad, loadArchive, verifyLoad } from './load-archive.ts';
import { numberPendingEvents } from './settle-restored.ts';

/** Throws `DataDirectoryError` if there is a catalogue in a directory. */
export function refuseCatalogue(directory: string): void {
  const path = join(resolve(directory), 'catalogue.sqlite');
  if (!existsSync(path)) return;
  throw new DataDirectoryError(
    `${resolve(directory)} has a catalogue, which a restore would replace. Name a directory without one, or stop the ` +
      'server and move everything in it away.',
  );
}

export type DirectoryRestore = {
  readonly directory: string;
  readonly command: string | null;
  /** The archive, which was checked. */
  readonly path: string;
  readonly header: ArchiveHeader;
  readonly tables: readonly TableSummary[];
  readonly secretKey: string | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onRows: (step: 'load' | 'verify', table: string, rows: number) => void;
  /** Called in the transaction that makes the catalogue usable. */
  readonly settle: (transaction: Transaction<Schema>) => Promise<void>;
};

/**
 * Restores a checked archive into a data directory. The database has another name until it is complete and on disk; as
 * long as that is there, no process opens the directory.
 */
export async function restoreIntoDirectory(restore: DirectoryRestore): Promise<void> {
  let held: ReturnType<typeof holdDataDirectory>;
  try {
    held = holdDataDirectory(restore.directory, restore.command);
  } catch (error) {
    throw orCatalogueFull(error, restore.directory);
  }
  try {
    refuseCatalogue(held.path);
    refuseMoved(held.path);
    const { secret_key: key, storage_unit: unit } = restore.header;
    const newKey = restore.secretKey === null ? key : null;
    if (newKey !== null) await refuseOtherKey(held.path, newKey);
    const partPath = restoringPath(held.path);
    removeDatabase(partPath);
    try {
      await load(partPath, restore);
      await flush(partPath);
    } catch (error) {
      // An interrupted process leaves it instead, and says so at the next start.
      removeDatabase(partPath);
      throw orCatalogueFull(error, held.path);
    }
    if (newKey !== null) await writeKeyTo(held.path, newKey);
    if (unit !== null) await memoryInDirectory(held.path).replace(unit);
    await giveToOwner(held.path);
    await rename(partPath, held.databasePath);
    await syncDirectory(dirname(held.databasePath));
  } finally {
    held.release();
  }
}

/** Throws `DataDirectoryError` if the directory has another key: there may be no copy of it. */
async function refuseOtherKey(directory: string, key: string): Promise<void> {
  const existing = await readKeyOf(directory);
  if (existing === null || existing === key) return;
  throw new DataDirectoryError(
    `${join(directory, 'secret.key')} is not the key in the archive, which would replace it. Move it away and keep it, ` +
      'then run the same command again.',
  );
}

/** Gives files that root has created to the owner of the directory, as whom the server runs. */
async function giveToOwner(directory: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = await stat(directory);
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const file = await lstat(path);
    // The owner of the directory may have linked a foreign file here.
    if (file.isFile() && file.nlink === 1 && file.uid === 0) await lchown(path, uid, gid);
  }
}

async function load(
  partPath: string,
  { path, tables, clock, signal, onRows, settle }: DirectoryRestore,
): Promise<void> {
  const { sqlite, database } = connect(partPath, 'write');
  try {
    // Flushed once, at the end: an interrupted restore begins again.
    sqlite.exec('PRAGMA synchronous = OFF');
    await migrate(database);
    const nowMs = () => clock.nowMs();
    await loadArchive({ database, path, nowMs, signal, onRows: (table, rows) => onRows('load', table, rows) });
    await verifyLoad({ database, signal, onRows: (table, rows) => onRows('verify', table, rows) }, tables);
    // SQLite numbers by itself after the greatest number, and the process that opens the catalogue queues the work.
    const continueNumbers = async () => {};
    await finishLoad(database, clock.nowMs(), continueNumbers, async (transaction) => {
      await numberPendingEvents(transaction);
      await settle(transaction);
      // Of the database that was backed up. A data directory has these facts in files.
      await transaction.deleteFrom('settings').execute();
    });
    sqlite.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    await database.destroy();
  }
}

async function flush(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  await file.sync();
}

function removeDatabase(path: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
}
