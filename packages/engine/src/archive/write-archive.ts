import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Kysely } from 'kysely';
import { newestSchema } from '../catalogue/migrate.ts';
import type { Schema } from '../catalogue/schema.ts';
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

/** The end of the name of an archive that is not complete. */
const partial = '.partial';

export type WriteOptions = {
  /** The catalogue, with the schema of this release. In a transaction, so that all tables are of one moment. */
  readonly database: Kysely<Schema>;
  /** An existing file is replaced once the archive is complete. */
  readonly path: string;
  /** See {@link ArchiveHeader}. */
  readonly id: string;
  readonly createdAtMs: number;
  readonly secretKey: string | null;
  readonly storageUnit: string | null;
  readonly signal: AbortSignal;
  /** Returns what to write instead of a row. The key must stay the same. */
  readonly convert?: (shape: TableShape, row: Row) => Row;
  /** Called with the rows of a table that are written so far. */
  readonly onRows: (table: string, rows: number) => void;
};

/**
 * Writes an archive of a catalogue. At its path there is a complete archive on disk or none; only the owner can read
 * it. Throws {@link ArchiveError} if it cannot be written, errors of the database, and `AbortError`.
 */
export async function writeArchive(options: WriteOptions): Promise<void> {
  const partPath = options.path + partial;
  try {
    // Left by a process that was killed.
    await rm(partPath, { force: true });
    // Flushed to disk before it is closed.
    const output = createWriteStream(partPath, { flags: 'wx', mode: 0o600, flush: true });
    await pipeline(Readable.from(lines(options)), createGzip(), output, { signal: options.signal });
    await rename(partPath, options.path);
  } catch (error) {
    // Fails like the writing itself if there is no such directory.
    await rm(partPath, { force: true }).catch(() => {});
    throw writeErrorOf(error, options.path);
  }
  await syncDirectory(dirname(options.path));
}

/** Names the archive in an error of the file system. Without the cause: the full disk may not be the catalogue's. */
function writeErrorOf(error: unknown, path: string): unknown {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error)) return error;
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
