import { closeSync } from 'node:fs';
import type { BucketDirectory } from './bucket-directory.ts';
import type { BytePath } from './byte-path.ts';

/**
 * The current directory of a walk, kept open so that every request reaches this directory even if its path changes
 * meanwhile. Only one directory is open at a time, however deep the walk is.
 */
export class DirectoryInHand implements Disposable {
  readonly #bucket: BucketDirectory;
  #held: { readonly path: BytePath; readonly descriptor: number | null; readonly through: BytePath } | null = null;

  constructor(bucket: BucketDirectory) {
    this.#bucket = bucket;
  }

  /**
   * Opens a directory unless it is open, and closes the previous one. Returns a path that reaches its contents until
   * the next call; null if the directory has vanished. Throws file system errors, and `unreachable` if another
   * directory is at the path.
   */
  async take(path: BytePath): Promise<BytePath | null> {
    if (this.#held?.path === path) return this.#held.through;
    this.release();
    const opened = await this.#bucket.openDirectory(path);
    if (opened !== null) this.#held = { path, ...opened };
    return opened?.through ?? null;
  }

  /** Closes the directory. The next `take` opens one again. */
  release(): void {
    const descriptor = this.#held?.descriptor;
    this.#held = null;
    if (descriptor != null) closeSync(descriptor);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
