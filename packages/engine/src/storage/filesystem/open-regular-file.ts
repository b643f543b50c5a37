import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { StorageError } from '../port.ts';
import { type BytePath, toBytes } from './byte-path.ts';
import { pathOfDescriptor } from './descriptor-path.ts';
import { isAbsence, toStorageError } from './filesystem-error.ts';

/**
 * Opens a regular file whose path has no links. Null where there is no such file any more. The flags keep one that was
 * exchanged for a link or a pipe in this moment from being followed or waited for; that no directory on the way was,
 * the opened file itself tells, where the system shows it (Linux).
 *
 * Throws `access_denied` where it is another file than the path named.
 */
export async function openRegularFile(
  path: BytePath,
  subject: string,
): Promise<{ readonly file: FileHandle; readonly stats: BigIntStats } | null> {
  let file: FileHandle | undefined;
  try {
    file = await open(toBytes(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) {
      await file.close();
      return null;
    }
    const opened = pathOfDescriptor(file.fd);
    if (opened !== null && opened !== path && stats.nlink > 0n) {
      throw new StorageError(
        'access_denied',
        `${subject}: it was exchanged, or a directory on the way to it, while it was opened`,
      );
    }
    return { file, stats };
  } catch (error) {
    await file?.close();
    if (isAbsence(error)) return null;
    throw toStorageError(error, subject);
  }
}
