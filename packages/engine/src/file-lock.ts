import { chmodSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** SQLite's result code if another connection holds the lock. */
const sqliteBusy = 5;

/**
 * A lock on a file that exists for nothing else. It is SQLite's own, on a database that stays empty: the operating system
 * drops it with the process, however that ends. The file must never be opened by other means in this process, since closing
 * any descriptor of a file drops all locks that the process has on it (POSIX).
 */
export class FileLock implements Disposable {
  readonly #path: string;
  readonly #database: DatabaseSync;

  private constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
  }

  /**
   * Takes the lock, and makes its file if need be, for its owner alone. Null if another process, or this one, still holds it
   * after `waitMs`, during which this thread is blocked. Throws if the file cannot be made or its file system has no locks.
   */
  static take(path: string, waitMs: number): FileLock | null {
    const database = new DatabaseSync(path, { timeout: waitMs });
    try {
      // By path, not by descriptor.
      chmodSync(path, 0o600);
      // Nothing is ever written, so there is nothing for a journal to keep.
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      return new FileLock(path, database);
    } catch (error) {
      database.close();
      if (isBusy(error)) return null;
      throw error;
    }
  }

  /** Whether the lock of this file is held, by this process or another, wherever it runs. Writes nothing. */
  static isHeld(path: string): boolean {
    using database = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    try {
      // Reads wait for the end of an exclusive transaction.
      database.exec('SELECT 1 FROM sqlite_schema');
      return false;
    } catch (error) {
      if (isBusy(error)) return true;
      throw error;
    }
  }

  /** Releases the lock, and leaves its file. */
  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }

  /**
   * Releases the lock, and removes its file. A process that opened the file just before may lock it although it is gone,
   * while another locks a new one: a caller checks that what the lock protects is still its own.
   */
  remove(): void {
    // Once it is released, the file may be another's.
    if (!this.#database.isOpen) return;
    try {
      rmSync(this.#path, { force: true });
    } catch (error) {
      // Windows removes no file that is open.
      if (!(error instanceof Error && 'code' in error && (error.code === 'EBUSY' || error.code === 'EPERM')))
        throw error;
    } finally {
      this.#database.close();
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy;
}
