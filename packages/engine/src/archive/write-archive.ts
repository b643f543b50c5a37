import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Kysely } from 'kysely';
import { newestSchema } from '../catalogue/migrate.ts';
import type { Schema } from '../catalogue/schema.ts';
import { findObstacle, nameNewFile } from '../name-new-file.ts';
import { syncDirectory } from '../sync-directory.ts';
import { ArchiveError } from './archive-error.ts';
import {
  type ArchiveHeader,
  beginLine,
  endLine,
  formatName,
  formatVersion,
  lastLine,
  type Row,
  RowTally,
  rowLine,
} from './archive-format.ts';
import { readRows } from './read-rows.ts';
import { readTableShapes, type TableShape } from './table-shapes.ts';

/** The end of the name of an archive that is not complete: eight digits that no other process has, and this. */
const partialEnd = /^\.[0-9a-f]{8}\.partial$/;
/** A process that has written nothing to its archive for so long was killed. */
const abandonedAfterMs = 60 * 60 * 1000;

export type WriteOptions = {
  /** The catalogue, with the schema of this release. In a transaction, so that all tables are of one moment. */
  readonly database: Kysely<Schema>;
  readonly path: string;
  /** Whether a file at the path is replaced, once the archive is complete. Only a file ever is. */
  readonly replace: boolean;
  /** See {@link ArchiveHeader}. */
  readonly id: string;
  readonly createdAtMs: number;
  readonly release: string;
  readonly secretKey: string | null;
  readonly storageUnit: string | null;
  readonly signal: AbortSignal;
  /** Returns what to write instead of a row. The key must stay the same. */
  readonly convert?: (shape: TableShape, row: Row) => Row;
  /** Called with the rows of a table that are written so far. */
  readonly onRows: (table: string, rows: number) => void;
};

/**
 * Writes an archive of a catalogue. At its path there is a complete archive on disk, or what was there before; only the
 * owner can read it. Throws {@link ArchiveError} if it cannot be written or may not take the place of what is there,
 * errors of the database, and `AbortError`.
 */
export async function writeArchive(options: WriteOptions): Promise<void> {
  const { path } = options;
  const partialPath = `${path}.${randomBytes(4).toString('hex')}.partial`;
  try {
    await refuseExisting(options);
    await removeAbandoned(options);
    // Flushed to disk before it is closed.
    const output = createWriteStream(partialPath, { flags: 'wx', mode: 0o600, flush: true });
    await pipeline(Readable.from(lines(options)), createGzip(), output, { signal: options.signal });
    await (options.replace ? rename(partialPath, path) : nameNewFile(partialPath, path));
  } catch (error) {
    // Fails like the writing itself if there is no such directory.
    await rm(partialPath, { force: true }).catch(() => {});
    throw writeErrorOf(error, path);
  }
  await syncDirectory(dirname(path));
}

async function refuseExisting({ path, replace }: WriteOptions): Promise<void> {
  const obstacle = await findObstacle(path, replace);
  if (obstacle === null) return;
  if (obstacle === 'a file') throw new ArchiveError(path, fileExists);
  throw new ArchiveError(path, `it is ${obstacle}, and is left as it is. Name a file, or a new name`);
}

const fileExists = 'the file exists already. Name another one, or add --replace';

/** Removes what killed processes have left of archives with this path. */
async function removeAbandoned({ path, createdAtMs }: WriteOptions): Promise<void> {
  const directory = dirname(path);
  const name = basename(path);
  for (const other of await readdir(directory)) {
    if (!other.startsWith(name) || !partialEnd.test(other.slice(name.length))) continue;
    const abandoned = join(directory, other);
    const file = await lstat(abandoned).catch(() => null);
    if (file !== null && createdAtMs - file.mtimeMs > abandonedAfterMs) await rm(abandoned, { force: true });
  }
}

/** Names the archive in an error of the file system. Without the cause: the full disk may not be the catalogue's. */
function writeErrorOf(error: unknown, path: string): unknown {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error)) return error;
  if (error.code === 'EEXIST') return new ArchiveError(path, fileExists);
  const isFull = error.code === 'ENOSPC' || error.code === 'EDQUOT';
  const remedy = isFull ? '. Its disk is full: free space there, or name a file on another disk' : '';
  return new ArchiveError(path, `it cannot be written (${String(error.code)})${remedy}`);
}

/** The lines of an archive, several at once. */
async function* lines(options: WriteOptions): AsyncGenerator<string> {
  const { database, convert, onRows } = options;
  const all = createHash('sha256');
  const hashed = (text: string) => {
    all.update(text);
    return text;
  };
  const shapes = await readTableShapes();
  const secret =
    (await database.selectFrom('access_keys').select('sealed_secret').limit(1).executeTakeFirst()) ??
    (await database.selectFrom('hooks').select('sealed_secret').limit(1).executeTakeFirst());
  const header: ArchiveHeader = {
    format: formatName,
    version: formatVersion,
    id: options.id,
    created_at_ms: options.createdAtMs,
    schema: newestSchema,
    release: options.release,
    sealed_secrets: secret !== undefined,
    secret_key: options.secretKey,
    storage_unit: options.storageUnit,
  };
  yield hashed(`${JSON.stringify(header)}\n`);
  let count = 0;
  for (const shape of shapes) {
    yield hashed(beginLine(shape));
    const tally = new RowTally(shape.name);
    for await (const rows of readRows(database, shape)) {
      const texts = rows.map((row) => rowLine(convert === undefined ? row : convert(shape, row)));
      for (const text of texts) tally.add(text);
      yield hashed(texts.join(''));
      onRows(shape.name, tally.rows);
    }
    count += tally.rows;
    yield hashed(endLine(tally.end()));
  }
  yield lastLine(shapes.length, count, all.digest('hex'));
}
