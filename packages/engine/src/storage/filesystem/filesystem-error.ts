import { StorageError } from '../port.ts';

/** Whether nothing is at a path, or nothing can be there: the path is too long, or a link leads to itself. */
export function isAbsence(error: unknown): boolean {
  return isVanished(error) || ['ENAMETOOLONG', 'ELOOP'].includes(errorCode(error));
}

/** Whether a file or directory that was there a moment ago is gone. */
export function isVanished(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errorCode(error));
}

/** Converts an error of the file system to a {@link StorageError}. `subject` names the bucket and key. */
export function toStorageError(error: unknown, subject: string): StorageError {
  if (error instanceof StorageError) return error;
  const code = errorCode(error);
  if (code === 'EACCES' || code === 'EPERM') {
    return new StorageError('access_denied', `${subject}: the file system denies read access (${code})`, {
      cause: error,
    });
  }
  const seen = code === '' ? 'reading failed' : `the file system reports ${code}`;
  return new StorageError('unreachable', `${subject}: ${seen}`, { cause: error });
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
