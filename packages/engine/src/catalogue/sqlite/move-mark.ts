import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { syncDirectory } from '../../sync-directory.ts';
import { DataDirectoryError } from './data-directory.ts';

const fileName = 'moved.json';

/** Says in a data directory that its catalogue moves or has moved. */
export type MoveMark = {
  /** The database, without credentials. */
  readonly to: string;
  readonly archive_id: string;
  /** The time that the archive states. */
  readonly archived_at_ms: number;
  readonly archive_path: string;
  readonly begun_at_ms: number;
  /** Null until the database has everything. */
  readonly moved_at_ms: number | null;
};

/** The catalogue of a data directory is used elsewhere, or will be soon. The message is for the operator. */
export class CatalogueMovedError extends Error {
  override readonly name = 'CatalogueMovedError';

  constructor(directory: string, { to, begun_at_ms, moved_at_ms }: MoveMark) {
    const path = join(directory, fileName);
    super(
      moved_at_ms === null
        ? `The catalogue in ${directory} is being moved to PostgreSQL (${to}). The move began on ${utc(begun_at_ms)} ` +
            'and is not finished. Run the same "backup-sync catalogue move" again: it continues where it stopped. To ' +
            `keep using the data directory instead, drop the database and remove ${path}.`
        : `The catalogue in ${directory} was moved to PostgreSQL (${to}) on ${utc(moved_at_ms)}. Use that database. ` +
            'The data directory has the state before the move.',
    );
  }
}

function utc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Throws {@link CatalogueMovedError} if the catalogue of a data directory moves or has moved. */
export function refuseMoved(directory: string): void {
  const mark = readMoveMark(directory);
  if (mark !== null) throw new CatalogueMovedError(resolve(directory), mark);
}

/** Null if the catalogue of the data directory was never moved. Throws `DataDirectoryError` if the mark is damaged. */
export function readMoveMark(directory: string): MoveMark | null {
  const path = join(directory, fileName);
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new DataDirectoryError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    });
  }
}

/** Writes the mark, on disk when this returns. The caller holds the data directory. */
export async function writeMoveMark(directory: string, mark: MoveMark): Promise<void> {
  const path = join(directory, fileName);
  const aside = `${path}.${process.pid}`;
  {
    await using file = await open(aside, 'w', 0o600);
    await file.writeFile(`${JSON.stringify(mark)}\n`);
    await file.sync();
  }
  await rename(aside, path);
  await syncDirectory(directory);
}
