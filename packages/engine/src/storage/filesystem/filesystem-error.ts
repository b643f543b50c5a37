import { StorageError } from '../port.ts';

/** Whether the file system says that nothing is at a path, or that nothing can be: too long, or a link to itself. */
export function isAbsence(error: unknown): boolean {
  return isVanished(error) || ['ENAMETOOLONG', 'ELOOP'].includes(errorCode(error));
}

/** Whether what was seen a moment ago is gone. */
export function isVanished(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errorCode(error));
}

/** The error that storage throws for `error`. `subject` names the bucket and key. */
export function toStorageError(error: unknown, subject: string): StorageError {
  if (error instanceof StorageError) return error;
  const code = errorCode(error);
  if (code === 'EACCES' || code === 'EPERM') {
    return new StorageError('access_denied', `${subject}: the file system denies reading (${code})`, { cause: error });
  }
  const seen = code === '' ? 'reading failed' : `the file system answers ${code}`;
  return new StorageError('unreachable', `${subject}: ${seen}`, { cause: error });
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
