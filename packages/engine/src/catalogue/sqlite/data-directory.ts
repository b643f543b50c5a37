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
/** Contains the process id of the holder, and in its second line the command it was started as. */
const holderName = 'backup-sync.pid';

/** The path of the database that a restore builds in a data directory. It is renamed once it is complete. */
export function restoringPath(directory: string): string {
  return join(directory, 'catalogue.restoring.sqlite');
}

/** Throws {@link DataDirectoryError} if a restore into the data directory was interrupted. */
export function refuseUnfinishedRestore(directory: string): void {
  const path = restoringPath(resolve(directory));
  if (!existsSync(path)) return;
  throw new DataDirectoryError(
    `A restore into ${resolve(directory)} was interrupted. Run the same "backup-sync catalogue restore" again: it begins ` +
      `from the start. To begin with an empty catalogue instead, remove ${path}.`,
  );
}

/** A directory cannot be used as data directory. The message is for the operator. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

/** There is no catalogue, and the command does not create one. The message is for the operator. */
export class NoCatalogueError extends Error {
  override readonly name = 'NoCatalogueError';

  constructor(directory: string) {
    super(
      `There is no catalogue in ${directory}. Check --data-dir or BACKUP_SYNC_DATA_DIR. The first "backup-sync sync" or ` +
        '"backup-sync serve" creates one.',
    );
  }
}

/** A process that holds a data directory. */
export type Holder = {
  readonly pid: number;
  /** The command it was started as, such as `backup-sync sync`; null if it did not say. */
  readonly command: string | null;
};

/** Another process has the data directory open, or this one has already. */
export class DataDirectoryInUseError extends Error {
  override readonly name = 'DataDirectoryInUseError';
  readonly directory: string;
  /** The process id of the holder; null if it is not known. */
  readonly pid: number | null;

  constructor(directory: string, holder: Holder | null) {
    // Once a server listens, commands go through it instead of failing.
    const advice = holder?.command?.endsWith(' serve')
      ? 'If it has only just started, try again in a moment.'
      : 'Commands that only read still work. To run several commands at once, start "backup-sync serve" on the ' +
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

/** A held data directory. No other process can hold it until it is released or this process is gone. */
export type DataDirectory = {
  /** The absolute path of the directory. */
  readonly path: string;
  /** The path of the catalogue's database. */
  readonly databasePath: string;
  /** The lock file. If another file is at its path, another process could hold the directory as well. */
  readonly files: HeldFiles;
  release(): void;
};

/**
 * Holds a data directory. Creates it if needed, accessible only to its owner.
 *
 * If the lock file is removed while its holder runs, the holder's process id in `backup-sync.pid` keeps other processes
 * out until the holder has stopped. It stops by itself.
 *
 * Throws {@link DataDirectoryInUseError} if a process holds the directory, {@link DataDirectoryError} if it cannot be
 * used.
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
        // Another process may have created its own directory at the path by now.
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
 * Returns the process that holds a data directory; null if none does, or if it runs where its process id has no meaning
 * here. Creates nothing.
 */
export function findHolder(path: string): Holder | null {
  const holder = readHolder(join(path, holderName));
  if (holder === null || !isRunning(holder.pid)) return null;
  // After a kill -9, the process id may belong to another program. Only the lock is reliable.
  const lockPath = join(path, lockName);
  return !existsSync(lockPath) || FileLock.isHeld(lockPath) ? holder : null;
}

/** Whether a process holds a data directory, even one whose process id has no meaning here. Creates nothing. */
export function isHeld(path: string): boolean {
  const lockPath = join(path, lockName);
  return existsSync(lockPath) ? FileLock.isHeld(lockPath) : findHolder(path) !== null;
}

/**
 * Returns the path of the database in a data directory. Throws {@link NoCatalogueError} if there is none,
 * {@link DataDirectoryError} if the directory cannot be read or only its WAL is left.
 */
export function findDatabase(path: string): string {
  const directory = resolve(path);
  const databasePath = join(directory, databaseName);
  try {
    if (statSync(databasePath, { throwIfNoEntry: false }) !== undefined) return databasePath;
  } catch (error) {
    // The directory may well contain a catalogue, for instance if it belongs to someone else.
    throw cannotBeUsed(directory, error);
  }
  if (existsSync(join(directory, walName))) throw lostDatabase(directory);
  refuseUnfinishedRestore(directory);
  throw new NoCatalogueError(directory);
}

function cannotBeUsed(directory: string, cause: unknown): DataDirectoryError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new DataDirectoryError(`The data directory ${directory} cannot be used: ${message}.`, { cause });
}

function lostDatabase(directory: string): DataDirectoryError {
  return new DataDirectoryError(
    `${join(directory, databaseName)} is missing, but its WAL is there: the database was moved or removed. ` +
      'Put it back. To create a new catalogue, use a new directory.',
  );
}

/**
 * Creates the directory, or accepts one that is empty or a data directory already. A directory with other files is
 * refused, since its users would lose access to them.
 */
function prepare(directory: string): void {
  try {
    makeDirectory(directory);
    const entries = readdirSync(directory);
    if (entries.length > 0 && !entries.includes(lockName) && !entries.includes(databaseName)) {
      throw new DataDirectoryError(
        `${directory} contains other files. Use a new or empty directory, or one that is a data directory already.`,
      );
    }
    // SQLite would delete the WAL next to a new database, and the last records with it.
    if (entries.includes(walName) && !entries.includes(databaseName)) throw lostDatabase(directory);
    chmodSync(directory, ownerOnlyDirectory);
  } catch (error) {
    throw error instanceof DataDirectoryError ? error : cannotBeUsed(directory, error);
  }
}

/**
 * Creates a directory and its parents. Recursive mkdir never ends if the file system says that an existing parent is
 * missing, as /proc does.
 */
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
    throw new DataDirectoryError(
      `The data directory ${directory} cannot be locked: ${String(error)}.${ownerRemedy(lockPath)}`,
      {
        cause: error,
      },
    );
  }
  if (lock === null) throw new DataDirectoryInUseError(directory, readHolder(pidPath));
  return lock;
}

/** What to do if another user has created the lock, such as root; empty if none has. */
function ownerRemedy(lockPath: string): string {
  const user = process.geteuid?.();
  const owner = statSync(lockPath, { throwIfNoEntry: false })?.uid;
  if (user === undefined || owner === undefined || owner === user) return '';
  return (
    ` Its files belong to the user with the id ${owner}, and this process runs as ${user}. Run the command as that user, ` +
    `or give the files to this one: chown -R ${user} ${dirname(lockPath)}`
  );
}

/** Opens a database that only the owner can read. SQLite gives its other files the same mode. */
export function openOwnerOnly(path: string, options: { readonly timeout: number }): DatabaseSync {
  const database = new DatabaseSync(path, options);
  try {
    // By path, not by descriptor, see FileLock. Until then the mode of the directory keeps others out.
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
    // EPERM: the process runs as another user.
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
    // The file is written shortly after the lock is taken, and removed on release. If it is missing, the holder is
    // unknown.
    return null;
  }
}
