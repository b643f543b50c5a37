import { statfsSync } from 'node:fs';
import { CatalogueFullError } from '../catalogue-errors.ts';

/** With fewer free bytes than this, the next commit may fail. */
const leastFreeBytes = 1024 * 1024;

/** SQLite's primary result codes: an I/O error, no space, a file that cannot be opened. */
const sqliteIoError = 10;
const sqliteFull = 13;
const sqliteCannotOpen = 14;

/** Returns the error, or a {@link CatalogueFullError} if a full disk or a used-up quota caused it. */
export function orCatalogueFull(error: unknown, directory: string): unknown {
  if (error instanceof CatalogueFullError) return error;
  return isOfFullDisk(error, directory) ? fullDisk(directory, { cause: error }) : error;
}

function isOfFullDisk(error: unknown, directory: string): boolean {
  if (!(error instanceof Error)) return false;
  if (isOfFullDisk(error.cause, directory)) return true;
  if ('code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) return true;
  if (!('errcode' in error) || typeof error.errcode !== 'number') return false;
  const primary = error.errcode & 0xff;
  if (primary === sqliteFull) return true;
  // If a file next to the database cannot grow, SQLite reports that like any fault of the disk.
  return (primary === sqliteIoError || primary === sqliteCannotOpen) && freeBytes(directory) < leastFreeBytes;
}

/** Throws {@link CatalogueFullError} if the disk has too little space for the next commits. */
export function checkFreeSpace(directory: string): void {
  if (freeBytes(directory) < leastFreeBytes) throw fullDisk(directory);
}

/** The free bytes for this user on the disk of the directory; infinity if the file system does not report it. */
export function freeBytes(directory: string): number {
  const { bavail, bsize, blocks } = statfsSync(directory);
  // Some network file systems report zero for everything.
  return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize;
}

function fullDisk(directory: string, options?: ErrorOptions): CatalogueFullError {
  return new CatalogueFullError(
    `The disk that holds the data directory ${directory} is full. Free space on it.`,
    options,
  );
}
