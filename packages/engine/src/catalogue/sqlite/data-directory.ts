import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FileLock } from '../../file-lock.ts';
import { HeldFiles } from './held-files.ts';

const ownerOnlyDirectory = 0o700;
const ownerOnlyFile = 0o600;
const lockName = 'lock.sqlite';
const databaseName = 'catalogue.sqlite';

/** A directory cannot be used to keep the catalogue. The message is for the operator. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

/** Another process, or this one already, has the data directory open. */
export class DataDirectoryInUseError extends Error {
  override readonly name = 'DataDirectoryInUseError';
  readonly directory: string;
  /** Who holds it, where that is known. */
  readonly pid: number | null;

  constructor(directory: string, pid: number | null) {
    const holder = pid === null ? 'another process' : pid === process.pid ? 'this process' : `process ${pid}`;
    super(`The data directory ${directory} is in use by ${holder}; stop it, or choose another directory.`);
    this.directory = directory;
    this.pid = pid;
  }
}

/** A data directory that is held: nobody else can hold it until it is released or this process is gone. */
export type DataDirectory = {
  /** Its absolute path. */
  readonly path: string;
  /** Path of the catalogue's database. */
  readonly databasePath: string;
  /** The lock: who finds another file at its path could hold the directory as well. */
  readonly files: HeldFiles;
  release(): void;
};

/**
 * Makes the directory if need be, for its owner alone, and holds it.
 *
 * If the lock's file is gone while its holder runs, the process id that the holder wrote keeps others out until it has
 * stopped, which it does by itself.
 *
 * Throws {@link DataDirectoryInUseError} where someone holds it, {@link DataDirectoryError} where it cannot be used.
 */
export function holdDataDirectory(path: string): DataDirectory {
  const directory = resolve(path);
  prepare(directory);
  const pidPath = join(directory, 'backup-sync.pid');
  const lock = takeLock(directory, pidPath);
  try {
    const files = new HeldFiles([join(directory, lockName)]);
    writeFileSync(pidPath, `${process.pid}\n`, { mode: ownerOnlyFile });
    return {
      path: directory,
      databasePath: join(directory, databaseName),
      files,
      release() {
        // Another process may have a directory of its own at the path by now.
        if (files.areThere()) rmSync(pidPath, { force: true });
        lock[Symbol.dispose]();
      },
    };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** Makes the directory, or takes one that is empty or whole and was made here: another's is not to be shut to its users. */
function prepare(directory: string): void {
  try {
    makeDirectory(directory);
    const entries = readdirSync(directory);
    if (entries.length > 0 && !entries.includes(lockName) && !entries.includes(databaseName)) {
      throw new DataDirectoryError(`${directory} holds other files: a data directory must be new, empty or its own.`);
    }
    // SQLite would delete the WAL beside a new database, and the last records with it.
    if (entries.includes(`${databaseName}-wal`) && !entries.includes(databaseName)) {
      throw new DataDirectoryError(
        `${join(directory, databaseName)} is missing, but its WAL is there: the database was moved or removed. ` +
          'Put it back. To begin a new catalogue, use a new directory.',
      );
    }
    chmodSync(directory, ownerOnlyDirectory);
  } catch (error) {
    if (error instanceof DataDirectoryError || !(error instanceof Error)) throw error;
    throw new DataDirectoryError(`The data directory ${directory} cannot be used: ${error.message}.`, { cause: error });
  }
}

/** Not mkdir's own recursion, which never ends where the file system says that a parent is missing and is not (/proc). */
function makeDirectory(directory: string): void {
  if (existsSync(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory) makeDirectory(parent);
  mkdirSync(directory, { mode: ownerOnlyDirectory });
}

function takeLock(directory: string, pidPath: string): FileLock {
  const lockPath = join(directory, lockName);
  const pid = readPid(pidPath);
  if (!existsSync(lockPath) && pid !== null && pid !== process.pid && isRunning(pid)) {
    throw new DataDirectoryInUseError(directory, pid);
  }
  let lock: FileLock | null;
  try {
    lock = FileLock.take(lockPath, 0);
  } catch (error) {
    throw new DataDirectoryError(`The lock in ${directory} cannot be taken: ${String(error)}.`, { cause: error });
  }
  if (lock === null) throw new DataDirectoryInUseError(directory, readPid(pidPath));
  return lock;
}

/** Opens a database that nobody but the owner can read. SQLite gives its other files the mode of this one. */
export function openOwnerOnly(path: string, options: { readonly timeout: number }): DatabaseSync {
  const database = new DatabaseSync(path, options);
  try {
    // By path, not by descriptor: see FileLock. The directory keeps others out until then.
    chmodSync(path, ownerOnlyFile);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs as another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function readPid(pidPath: string): number | null {
  try {
    const pid = Number(readFileSync(pidPath, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    // Written a moment after the lock is taken, and gone with a release: not there is not known.
    return null;
  }
}
