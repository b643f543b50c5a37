import { closeSync } from 'node:fs';
import type { BucketDirectory } from './bucket-directory.ts';
import type { BytePath } from './byte-path.ts';

/**
 * The directory that a walk is at, held open, so that what is asked of it is asked of that directory, whatever becomes of
 * its path meanwhile. One is held at a time, however deep the walk: who goes on elsewhere takes the next.
 */
export class DirectoryInHand implements Disposable {
  readonly #bucket: BucketDirectory;
  #held: { readonly path: BytePath; readonly descriptor: number | null; readonly through: BytePath } | null = null;

  constructor(bucket: BucketDirectory) {
    this.#bucket = bucket;
  }

  /**
   * The path by which to reach what lies in the directory, until the next is taken. Null where it has vanished. Throws
   * what the file system throws, and `unreachable` where another directory is at its path.
   */
  async take(path: BytePath): Promise<BytePath | null> {
    if (this.#held?.path === path) return this.#held.through;
    this.release();
    const opened = await this.#bucket.openDirectory(path);
    if (opened !== null) this.#held = { path, ...opened };
    return opened?.through ?? null;
  }

  /** Holds nothing open, until the next is taken. */
  release(): void {
    const descriptor = this.#held?.descriptor;
    this.#held = null;
    if (descriptor != null) closeSync(descriptor);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
