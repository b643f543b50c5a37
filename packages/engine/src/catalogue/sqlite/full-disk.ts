import { statfsSync } from 'node:fs';

/** Fewer free bytes than this, and the next commit may fail. */
const leastFreeBytes = 1024 * 1024;

/** SQLite's primary result codes: a fault of the disk, no room, a file that cannot be made. */
const sqliteIoError = 10;
const sqliteFull = 13;
const sqliteCannotOpen = 14;

/** The disk of the data directory is full. Nothing of the transaction was written; reads go on. For the operator. */
export class CatalogueFullError extends Error {
  override readonly name = 'CatalogueFullError';

  constructor(directory: string, options?: ErrorOptions) {
    super(`The disk that holds the data directory ${directory} is full. Free space on it.`, options);
  }
}

/** The error, as {@link CatalogueFullError} if a full disk or a used-up quota caused it. */
export function orCatalogueFull(error: unknown, directory: string): unknown {
  if (error instanceof CatalogueFullError) return error;
  return isOfFullDisk(error, directory) ? new CatalogueFullError(directory, { cause: error }) : error;
}

function isOfFullDisk(error: unknown, directory: string): boolean {
  if (!(error instanceof Error)) return false;
  if (isOfFullDisk(error.cause, directory)) return true;
  if ('code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) return true;
  if (!('errcode' in error) || typeof error.errcode !== 'number') return false;
  const primary = error.errcode & 0xff;
  if (primary === sqliteFull) return true;
  // Files beside the database that cannot grow are told of as any fault of the disk.
  return (primary === sqliteIoError || primary === sqliteCannotOpen) && freeBytes(directory) < leastFreeBytes;
}

/** Throws {@link CatalogueFullError} if the disk has too little room for the next commits. */
export function checkFreeSpace(directory: string): void {
  if (freeBytes(directory) < leastFreeBytes) throw new CatalogueFullError(directory);
}

/** Free bytes for this user on the disk that holds the directory. */
export function freeBytes(directory: string): number {
  const { bavail, bsize, blocks } = statfsSync(directory);
  // Some network file systems tell nothing.
  return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize;
}
