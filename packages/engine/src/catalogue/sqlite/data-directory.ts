import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FileLock } from '../../file-lock.ts';
import { HeldFiles } from './held-files.ts';

const ownerOnlyDirectory = 0o700;
const ownerOnlyFile = 0o600;
const lockName = 'lock.sqlite';
const databaseName = 'catalogue.sqlite';
const walName = `${databaseName}-wal`;
/** Has the process id of the holder, and in its second line the command that it was started as. */
const holderName = 'backup-sync.pid';

/** A directory cannot be used to keep the catalogue. The message is for the operator. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

/** There is no catalogue, and whoever asked for it makes none. The message is for the operator. */
export class NoCatalogueError extends Error {
  override readonly name = 'NoCatalogueError';

  constructor(directory: string) {
    super(
      `There is no catalogue in ${directory}. Check --data-dir or BACKUP_SYNC_DATA_DIR. The first "backup-sync sync" or ` +
        '"backup-sync serve" makes one.',
    );
  }
}

/** A process that holds a data directory. */
export type Holder = {
  readonly pid: number;
  /** What it was started as, such as `backup-sync sync`; null if it did not say. */
  readonly command: string | null;
};

/** Another process, or this one already, has the data directory open. */
export class DataDirectoryInUseError extends Error {
  override readonly name = 'DataDirectoryInUseError';
  readonly directory: string;
  /** The process id of the holder; null if it is not known. */
  readonly pid: number | null;

  constructor(directory: string, holder: Holder | null) {
    // Commands work through a server once it listens.
    const advice = holder?.command?.endsWith(' serve')
      ? 'If it has only just started, try again in a moment.'
      : 'Commands that only read work meanwhile. To run several commands at once, start "backup-sync serve" on the ' +
        'directory first.';
    super(
      `The data directory ${directory} is in use by ${describeHolder(holder)}. Wait for it to end, or stop it. ${advice}`,
    );
    this.directory = directory;
    this.pid = holder?.pid ?? null;
  }
}

function describeHolder(holder: Holder | null): string {
  if (holder === null) return 'another process';
  const process_ = holder.pid === process.pid ? 'this process' : `process ${holder.pid}`;
  return holder.command === null ? process_ : `${process_} (${holder.command})`;
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
export function holdDataDirectory(path: string, command: string | null = null): DataDirectory {
  const directory = resolve(path);
  prepare(directory);
  const pidPath = join(directory, holderName);
  const lock = takeLock(directory, pidPath);
  try {
    const files = new HeldFiles([join(directory, lockName)]);
    writeFileSync(pidPath, `${process.pid}\n${command ?? ''}\n`, { mode: ownerOnlyFile });
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

/**
 * The process that holds a data directory; null if none does, or if it runs where its process id means nothing here.
 * Makes nothing.
 */
export function findHolder(path: string): Holder | null {
  const holder = readHolder(join(path, holderName));
  if (holder === null || !isRunning(holder.pid)) return null;
  // After a kill -9, the process id may be another program's by now: only the lock tells.
  const lockPath = join(path, lockName);
  return !existsSync(lockPath) || FileLock.isHeld(lockPath) ? holder : null;
}

/** Whether a process holds a data directory, also one whose process id means nothing here. Makes nothing. */
export function isHeld(path: string): boolean {
  const lockPath = join(path, lockName);
  return existsSync(lockPath) ? FileLock.isHeld(lockPath) : findHolder(path) !== null;
}

/** The database of a data directory. Throws {@link NoCatalogueError}, and {@link DataDirectoryError} if it cannot be looked at. */
export function findDatabase(path: string): string {
  const directory = resolve(path);
  const databasePath = join(directory, databaseName);
  try {
    if (statSync(databasePath, { throwIfNoEntry: false }) !== undefined) return databasePath;
  } catch (error) {
    // A directory of someone else's, for instance, may well have a catalogue.
    throw cannotBeUsed(directory, error);
  }
  if (existsSync(join(directory, walName))) throw lostDatabase(directory);
  throw new NoCatalogueError(directory);
}

function cannotBeUsed(directory: string, cause: unknown): DataDirectoryError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new DataDirectoryError(`The data directory ${directory} cannot be used: ${message}.`, { cause });
}

function lostDatabase(directory: string): DataDirectoryError {
  return new DataDirectoryError(
    `${join(directory, databaseName)} is missing, but its WAL is there: the database was moved or removed. ` +
      'Put it back. To begin a new catalogue, use a new directory.',
  );
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
    if (entries.includes(walName) && !entries.includes(databaseName)) throw lostDatabase(directory);
    chmodSync(directory, ownerOnlyDirectory);
  } catch (error) {
    throw error instanceof DataDirectoryError ? error : cannotBeUsed(directory, error);
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
  const holder = readHolder(pidPath);
  if (!existsSync(lockPath) && holder !== null && holder.pid !== process.pid && isRunning(holder.pid)) {
    throw new DataDirectoryInUseError(directory, holder);
  }
  let lock: FileLock | null;
  try {
    lock = FileLock.take(lockPath, 0);
  } catch (error) {
    throw new DataDirectoryError(`The lock in ${directory} cannot be taken: ${String(error)}.`, { cause: error });
  }
  if (lock === null) throw new DataDirectoryInUseError(directory, readHolder(pidPath));
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

function readHolder(pidPath: string): Holder | null {
  try {
    const [first, second = ''] = readFileSync(pidPath, 'utf8').split('\n');
    const pid = Number(first);
    if (!Number.isInteger(pid) || pid <= 0) return null;
    return { pid, command: second === '' ? null : second };
  } catch {
    // Written a moment after the lock is taken, and gone with a release: not there is not known.
    return null;
  }
}
