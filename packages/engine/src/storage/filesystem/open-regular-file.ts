import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { StorageError } from '../port.ts';
import { type BytePath, toBytes } from './byte-path.ts';
import { pathOfDescriptor } from './descriptor-path.ts';
import { isAbsence, toStorageError } from './filesystem-error.ts';

/** Neither follows a link nor waits for the other end of a pipe. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Opens a file if the system shows that it is a regular file at the expected path, which has no links. That takes less
 * than half of the requests to the file system that finding it first takes. Null if anything is unusual, which says
 * nothing about the file.
 */
export async function openIfPlain(
  path: BytePath,
  expected: BytePath,
): Promise<{ readonly file: FileHandle; readonly stats: BigIntStats } | null> {
  let file: FileHandle | undefined;
  let isPlain = false;
  try {
    file = await open(toBytes(path), flags);
    const stats = await file.stat({ bigint: true });
    isPlain = stats.isFile() && pathOfDescriptor(file.fd) === expected;
    return isPlain ? { file, stats } : null;
  } catch {
    return null;
  } finally {
    if (!isPlain) await file?.close();
  }
}

/**
 * Opens a regular file whose path has no links. Null if the file no longer exists.
 *
 * If the file was just replaced by a link or a pipe, the flags prevent following or waiting. On Linux, the opened file
 * shows whether a directory on its path was replaced. Throws `access_denied` if it is not the file at `path`.
 */
export async function openRegularFile(
  path: BytePath,
  subject: string,
): Promise<{ readonly file: FileHandle; readonly stats: BigIntStats } | null> {
  let file: FileHandle | undefined;
  try {
    file = await open(toBytes(path), flags);
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) {
      await file.close();
      return null;
    }
    const opened = pathOfDescriptor(file.fd);
    if (opened !== null && opened !== path && stats.nlink > 0n) {
      throw new StorageError(
        'access_denied',
        `${subject}: it, or a directory on its path, was replaced while it was opened`,
      );
    }
    return { file, stats };
  } catch (error) {
    await file?.close();
    if (isAbsence(error)) return null;
    throw toStorageError(error, subject);
  }
}
