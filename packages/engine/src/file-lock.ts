import { chmodSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** SQLite's result code for a lock that another connection holds. */
const sqliteBusy = 5;

/**
 * A lock on a file that has no other purpose. It is SQLite's lock on an empty database: the operating system releases
 * it when the process ends, however that happens. This process must never open the file by other means, because closing
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
   * Takes the lock. Creates its file if needed, readable only by its owner. Returns null if another process, or this
   * one, still has the lock after `waitMs`; this thread is blocked meanwhile. Throws if the file cannot be created or
   * its file system has no locks.
   */
  static take(path: string, waitMs: number): FileLock | null {
    const database = new DatabaseSync(path, { timeout: waitMs });
    try {
      // By path: closing another descriptor would drop the lock.
      chmodSync(path, 0o600);
      // Nothing is ever written, so no journal file is needed.
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      return new FileLock(path, database);
    } catch (error) {
      database.close();
      if (isBusy(error)) return null;
      throw error;
    }
  }

  /** Whether any process, including this one, holds the lock on this file, wherever it runs. Writes nothing. */
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

  /** Releases the lock and keeps its file. */
  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }

  /**
   * Releases the lock and removes its file. A process that opened the file just before may still lock the removed file
   * while another process locks a new one. Callers must therefore check that they still own what the lock protects.
   */
  remove(): void {
    // After a release, the file may belong to another process.
    if (!this.#database.isOpen) return;
    try {
      rmSync(this.#path, { force: true });
    } catch (error) {
      // Windows does not remove open files.
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
