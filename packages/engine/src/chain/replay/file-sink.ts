import { type FileHandle, link, lstat, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FileLock } from '../../file-lock.ts';
import { syncDirectory } from '../../sync-directory.ts';
import type { VolumeSink } from './replay-chain.ts';

/** Blocks of a file system are as large, mostly: what is zero throughout is left out in such pieces. */
const pieceBytes = 4096;
const zeros = Buffer.alloc(pieceBytes);

type Output = { readonly path: string; readonly replace: boolean };

type PartialFile = {
  readonly path: string;
  readonly file: FileHandle;
  readonly dev: number;
  readonly ino: number;
  readonly lock: FileLock;
  readonly hasReplaced: boolean;
};

/** The file cannot be written to where it is wanted. The message says what is in the way. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
}

/**
 * Writes a volume into a file, with holes where it is zero. Until `finish` the bytes are in `<path>.partial`, which is gone
 * after `discard`. A crash may leave it, and the next writer replaces it: a writer at work holds `<path>.partial.lock`.
 * Nothing that is not whole is ever at `path`.
 */
export class FileSink implements VolumeSink {
  readonly #path: string;
  readonly #replace: boolean;
  readonly #partial: PartialFile;
  /** Whether an extraction that was killed had left its partial file, which this one has replaced. */
  readonly hasReplacedPartial: boolean;

  private constructor(output: Output, partial: PartialFile) {
    this.#path = output.path;
    this.#replace = output.replace;
    this.#partial = partial;
    this.hasReplacedPartial = partial.hasReplaced;
  }

  /**
   * Throws {@link OutputError} if the file exists and is not to be replaced, if another extraction is writing it, and if it
   * cannot be made. It is readable by its owner alone.
   */
  static async open(output: Output): Promise<FileSink> {
    const { path } = output;
    await refuseExisting(path, output.replace);
    const partialPath = `${path}.partial`;
    const lock = await takeLock(path, `${partialPath}.lock`);
    try {
      const hasReplaced = await removeStale(partialPath);
      const file = await open(partialPath, 'wx', 0o600);
      const { dev, ino } = await file.stat();
      return new FileSink(output, { path: partialPath, file, dev, ino, lock, hasReplaced });
    } catch (error) {
      lock.remove();
      throw outputError(`${path} cannot be made`, error);
    }
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    for (const { from, to } of runsWithData(bytes)) await this.#writeAll(bytes.subarray(from, to), offset + from);
  }

  /** Makes the file whole and durable, and gives it its name. Throws {@link OutputError}. */
  async finish(volumeBytes: number): Promise<void> {
    try {
      const { path, file, lock } = this.#partial;
      await file.truncate(volumeBytes);
      await file.sync();
      await file.close();
      if (!(await this.#isOwn())) throw new OutputError(`${path} was replaced by another file; extract again`);
      await this.#takeName();
      lock.remove();
      await syncDirectory(dirname(this.#path));
    } catch (error) {
      throw outputError(`${this.#path} cannot be finished`, error);
    }
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    const { path, file, lock } = this.#partial;
    try {
      await file.close();
      if (await this.#isOwn()) await rm(path, { force: true });
    } finally {
      lock.remove();
    }
  }

  /** Someone may have removed the partial file, and another extraction may be writing its own. */
  async #isOwn(): Promise<boolean> {
    const { path, dev, ino } = this.#partial;
    const named = await lstat(path).catch(() => null);
    return named !== null && named.dev === dev && named.ino === ino;
  }

  async #writeAll(bytes: Uint8Array, position: number): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const { bytesWritten } = await this.#writeSome(bytes.subarray(written), position + written);
      written += bytesWritten;
    }
  }

  async #writeSome(bytes: Uint8Array, position: number) {
    try {
      return await this.#partial.file.write(bytes, 0, bytes.length, position);
    } catch (error) {
      throw outputError(`${this.#partial.path} cannot be written`, error);
    }
  }

  async #takeName(): Promise<void> {
    if (this.#replace) return await rename(this.#partial.path, this.#path);
    try {
      // Unlike a rename, a link never takes the place of a file that came up meanwhile.
      await link(this.#partial.path, this.#path);
      await rm(this.#partial.path);
    } catch (error) {
      // Some file systems have no links.
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(error))) throw error;
      await refuseExisting(this.#path, false);
      await rename(this.#partial.path, this.#path);
    }
  }
}

/** The parts of `bytes` that are not zero throughout, in whole pieces. */
export function* runsWithData(bytes: Uint8Array): Generator<{ readonly from: number; readonly to: number }> {
  let from: number | null = null;
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = bytes.subarray(at, at + pieceBytes);
    const isZero = Buffer.compare(piece, zeros.subarray(0, piece.length)) === 0;
    if (!isZero) from ??= at;
    else if (from !== null) {
      yield { from, to: at };
      from = null;
    }
  }
  if (from !== null) yield { from, to: bytes.length };
}

/** Only one extraction writes a file at a time. */
async function takeLock(path: string, lockPath: string): Promise<FileLock> {
  let lock: FileLock | null;
  try {
    lock = FileLock.take(lockPath, 0);
  } catch (error) {
    // SQLite does not say why a file cannot be made; the operating system does.
    await open(lockPath, 'a').then(
      (file) => file.close(),
      (cause) => {
        throw outputError(`${path} cannot be made`, cause);
      },
    );
    throw new OutputError(`${path} cannot be made: its file system has no locks; choose another`, { cause: error });
  }
  if (lock === null) throw new OutputError(`${path} is being written by another extraction: wait until that has ended`);
  return lock;
}

/** Tells whether there was one. Nobody is writing it, since the lock is held. */
async function removeStale(partialPath: string): Promise<boolean> {
  try {
    await rm(partialPath);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** A directory is never replaced. */
async function refuseExisting(path: string, replace: boolean): Promise<void> {
  const existing = await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw outputError(`${path} cannot be made`, error);
  });
  if (existing === null || (replace && !existing.isDirectory())) return;
  throw new OutputError(`${path} cannot be made: ${obstacles[existing.isDirectory() ? 'EISDIR' : 'EEXIST']}`);
}

/** What stands in the way of a file, and what to do about it, by what the operating system calls it. */
const obstacles: Readonly<Record<string, string>> = {
  EEXIST: 'it exists already; choose another name, or have it replaced',
  ENOENT: 'its directory does not exist; make that first',
  ENOTDIR: 'a part of its path is a file; choose a directory that exists',
  EISDIR: 'it is a directory; give the name of a file in it',
  EACCES: 'this user may not write there; choose another directory, or give the right',
  EPERM: 'this user may not write there; choose another directory, or give the right',
  EROFS: 'the file system cannot be written to; choose another',
  ENOSPC: 'the file system is full; make room, or choose another',
  EDQUOT: 'the quota is used up; make room, or choose another directory',
  EFBIG: 'the file system does not take files of this size; choose another',
  ENAMETOOLONG: 'the name is too long; choose a shorter one',
};

function outputError(problem: string, error: unknown): OutputError {
  if (error instanceof OutputError) return error;
  const code = codeOf(error);
  const why = Object.hasOwn(obstacles, code) ? obstacles[code] : code;
  return new OutputError(why === '' ? problem : `${problem}: ${why}`, { cause: error });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
