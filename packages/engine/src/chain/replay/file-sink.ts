import { type FileHandle, link, lstat, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../../sync-directory.ts';
import type { VolumeSink } from './replay-chain.ts';

/** Blocks of a file system are as large, mostly: what is zero throughout is left out in such pieces. */
const pieceBytes = 4096;
const zeros = Buffer.alloc(pieceBytes);

/** The file cannot be written to where it is wanted. The message says what is in the way. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
}

/**
 * Writes a volume into a file, with holes where it is zero. Until `finish` the bytes lie in `<path>.partial`, which is
 * gone after `discard`; a crash may leave it. Nothing ever lies at `path` that is not whole.
 */
export class FileSink implements VolumeSink {
  readonly #path: string;
  readonly #partialPath: string;
  readonly #replace: boolean;
  readonly #file: FileHandle;

  private constructor(path: string, partialPath: string, replace: boolean, file: FileHandle) {
    this.#path = path;
    this.#partialPath = partialPath;
    this.#replace = replace;
    this.#file = file;
  }

  /**
   * Throws {@link OutputError} where the file exists and is not to be replaced, where a partial one exists (another
   * extraction is running, or one was ended in its middle), and where it cannot be made. It is readable by its owner alone.
   */
  static async open(path: string, { replace }: { readonly replace: boolean }): Promise<FileSink> {
    await refuseExisting(path, replace);
    const partialPath = `${path}.partial`;
    try {
      return new FileSink(path, partialPath, replace, await open(partialPath, 'wx', 0o600));
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw outputError(`${path} cannot be made`, error);
      const hint = 'another extraction is writing it, or one was ended in its middle: remove it then';
      throw new OutputError(`${partialPath} exists; ${hint}`, { cause: error });
    }
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    for (const { from, to } of runsWithData(bytes)) await this.#writeAll(bytes.subarray(from, to), offset + from);
  }

  /** Makes the file whole and durable, and gives it its name. Throws {@link OutputError}. */
  async finish(volumeBytes: number): Promise<void> {
    try {
      await this.#file.truncate(volumeBytes);
      await this.#file.sync();
      await this.#file.close();
      await this.#takeName();
      await syncDirectory(dirname(this.#path));
    } catch (error) {
      throw outputError(`${this.#path} cannot be finished`, error);
    }
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    await this.#file.close();
    await rm(this.#partialPath, { force: true });
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
      return await this.#file.write(bytes, 0, bytes.length, position);
    } catch (error) {
      throw outputError(`${this.#partialPath} cannot be written`, error);
    }
  }

  async #takeName(): Promise<void> {
    if (this.#replace) return await rename(this.#partialPath, this.#path);
    try {
      // Unlike a rename, a link never takes the place of a file that came up meanwhile.
      await link(this.#partialPath, this.#path);
      await rm(this.#partialPath);
    } catch (error) {
      // Some file systems have no links.
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(error))) throw error;
      await refuseExisting(this.#path, false);
      await rename(this.#partialPath, this.#path);
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
