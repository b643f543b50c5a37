import { type FileHandle, lstat, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FileLock } from '../../file-lock.ts';
import { findObstacle, nameNewFile } from '../../name-new-file.ts';
import { syncDirectory } from '../../sync-directory.ts';
import type { VolumeSink } from './replay-chain.ts';

/** Zeros are left out in pieces of this size, the usual block size of file systems. */
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

/** The output file cannot be written. The message says why, and what to do. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
}

/**
 * Writes a volume into a file, with holes where it is zero. `path` never contains an incomplete volume. The bytes are
 * in `<path>.partial` until `finish`, or until `discard` removes it. A crash may leave it; the next writer replaces it.
 * A running writer holds the lock `<path>.partial.lock`.
 */
export class FileSink implements VolumeSink {
  readonly #path: string;
  readonly #replace: boolean;
  readonly #partial: PartialFile;
  /** Whether this sink replaced a partial file that a killed extraction had left. */
  readonly hasReplacedPartial: boolean;

  private constructor(output: Output, partial: PartialFile) {
    this.#path = output.path;
    this.#replace = output.replace;
    this.#partial = partial;
    this.hasReplacedPartial = partial.hasReplaced;
  }

  /**
   * Creates the partial file, readable only by its owner. Throws {@link OutputError} if something exists there that must
   * not be replaced, if another extraction is writing it, or if it cannot be created.
   */
  static async open(output: Output): Promise<FileSink> {
    const { path } = output;
    await refuseExisting(output);
    const partialPath = `${path}.partial`;
    const lock = await takeLock(path, `${partialPath}.lock`);
    try {
      const hasReplaced = await removeStale(partialPath);
      const file = await open(partialPath, 'wx', 0o600);
      const { dev, ino } = await file.stat();
      return new FileSink(output, { path: partialPath, file, dev, ino, lock, hasReplaced });
    } catch (error) {
      lock.remove();
      throw outputError(`cannot create ${path}`, error);
    }
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    for (const { from, to } of runsWithData(bytes)) await this.#writeAll(bytes.subarray(from, to), offset + from);
  }

  /** Sets the final size, syncs the file to disk and gives it its name. Throws {@link OutputError}. */
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
      throw outputError(`cannot finish ${this.#path}`, error);
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

  /** Someone may have removed the partial file, and another extraction may be writing a new one. */
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
      throw outputError(`cannot write ${this.#partial.path}`, error);
    }
  }

  async #takeName(): Promise<void> {
    if (!this.#replace) return await nameNewFile(this.#partial.path, this.#path);
    await refuseExisting({ path: this.#path, replace: true });
    await rename(this.#partial.path, this.#path);
  }
}

/** The parts of `bytes` that contain anything but zeros, in whole pieces. */
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

/** Takes the lock that lets only one extraction write a file. */
async function takeLock(path: string, lockPath: string): Promise<FileLock> {
  let lock: FileLock | null;
  try {
    lock = FileLock.take(lockPath, 0);
  } catch (error) {
    // SQLite does not say why it cannot create a file, but the operating system does.
    await open(lockPath, 'a').then(
      (file) => file.close(),
      (cause) => {
        throw outputError(`cannot create ${path}`, cause);
      },
    );
    throw new OutputError(`cannot create ${path}: its file system has no locks; choose another`, { cause: error });
  }
  if (lock === null) throw new OutputError(`another extraction is writing ${path}; wait until it has ended`);
  return lock;
}

/** Removes a partial file and returns whether there was one. Nobody is writing it, since the lock is held. */
async function removeStale(partialPath: string): Promise<boolean> {
  try {
    await rm(partialPath);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function refuseExisting({ path, replace }: Output): Promise<void> {
  const problem = `cannot create ${path}`;
  const obstacle = await findObstacle(path, replace).catch((error: unknown) => {
    throw outputError(problem, error);
  });
  if (obstacle === null) return;
  if (obstacle === 'a file') throw new OutputError(`${problem}: ${obstacles.EEXIST}`);
  if (obstacle === 'a directory') throw new OutputError(`${problem}: ${obstacles.EISDIR}`);
  const remedy = `to write into it, use "--output - > ${path}"`;
  throw new OutputError(`${problem}: it is ${obstacle}, and only a file is ever replaced; ${remedy}`);
}

/** Why a file cannot be written and what to do about it, by error code of the operating system. */
const obstacles: Readonly<Record<string, string>> = {
  EEXIST: 'it already exists; choose another name, or replace it with --replace',
  ENOENT: 'its directory does not exist; create it first',
  ENOTDIR: 'a part of its path is a file; choose a directory that exists',
  EISDIR: 'it is a directory; give the name of a file in it',
  EACCES: 'this user may not write there; choose another directory, or grant the permission',
  EPERM: 'this user may not write there; choose another directory, or grant the permission',
  EROFS: 'the file system is read-only; choose another',
  ENOSPC: 'the file system is full; free some space, or choose another',
  EDQUOT: 'the quota is used up; free some space, or choose another directory',
  EFBIG: 'the file system does not support files of this size; choose another',
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
