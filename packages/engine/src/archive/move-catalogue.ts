import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Kysely } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { CatalogueUnavailableError } from '../catalogue/catalogue-errors.ts';
import { listSealedSecrets } from '../catalogue/identity-steps/access-keys.ts';
import { DatabaseError } from '../catalogue/postgres/database-address.ts';
import { catalogueFault } from '../catalogue/postgres/postgres-fault.ts';
import type { Schema } from '../catalogue/schema.ts';
import { connect } from '../catalogue/sqlite/connection.ts';
import { type DataDirectory, findDatabase, holdDataDirectory } from '../catalogue/sqlite/data-directory.ts';
import { orCatalogueFull } from '../catalogue/sqlite/full-disk.ts';
import { CatalogueMovedError, type MoveMark, readMoveMark, writeMoveMark } from '../catalogue/sqlite/move-mark.ts';
import { checkSchema } from '../catalogue/sqlite/upgrade.ts';
import { keepSetting } from '../catalogue/steps/settings.ts';
import { type Clock, systemClock } from '../clock.ts';
import { SecretSeal } from '../identity/secret-seal.ts';
import { enqueue } from '../queue/pg-boss/jobs.ts';
import { quote } from '../quote.ts';
import { rememberedStorageUnit } from '../storage/remembered-storage-unit.ts';
import { ArchiveError } from './archive-error.ts';
import type { ArchiveHeader, Row, TableSummary } from './archive-format.ts';
import { CatalogueNotEmptyError, findLoad, finishLoad, loadArchive, verifyLoad } from './load-archive.ts';
import { continueNumbers, openPostgresTarget, type PostgresTarget, refuseLiveNodes } from './postgres-target.ts';
import { readArchive } from './read-archive.ts';
import { readTableShapes, type TableShape } from './table-shapes.ts';
import { postgresFault, withoutNul } from './value-fault.ts';
import { writeArchive } from './write-archive.ts';

const archiveName = 'catalogue-move.archive.gz';

/** What a move is doing. */
export type MoveStep = 'write' | 'check' | 'load' | 'verify';

export type MoveOptions = {
  /** The data directory that has the catalogue. */
  readonly from: string;
  /** The address of a PostgreSQL database with an empty catalogue. */
  readonly to: string;
  /** The option or variable that has the address, for messages. */
  readonly toFrom: string;
  /** Keeps the archive at this path. Null: it is written to the data directory, and removed at the end. */
  readonly archive: string | null;
  /** The key that seals secrets, see {@link SecretSeal}. Null: it is in the data directory. */
  readonly secretKey: string | null;
  /** See `openSqliteCatalogue`. */
  readonly command: string | null;
  readonly signal: AbortSignal;
  /** Called after each few hundred rows of a table. */
  readonly onRows: (step: MoveStep, table: string, rows: number) => void;
  readonly clock?: Clock;
};

export type Moved = {
  /** The database, without credentials. */
  readonly to: string;
  readonly tables: readonly TableSummary[];
  /** Access keys that can be used, whose secrets every node has to open with the key of the data directory. */
  readonly sealedSecrets: number;
};

/**
 * Moves the catalogue of a data directory to a PostgreSQL database, through an archive. The data directory is held until
 * the end, and is marked before the first row is loaded: from then on it opens no more. So at any moment, even after a
 * kill, only one of the two can be used. The same call continues where an interrupted one stopped.
 *
 * Throws:
 * - the errors of `openSqliteCatalogue` about the data directory; `CatalogueMovedError` if it was moved already, or its
 *   move to another database is not finished,
 * - `DatabaseError` if the database is in use, has other content or another schema, or cannot be used,
 * - `CatalogueUnavailableError` if it does not answer later, and `CatalogueFullError` if a disk is full,
 * - `SecretKeyError` if the key does not open the secrets of the catalogue,
 * - `ArchiveError` if the archive cannot be read, or the catalogue has a value that PostgreSQL cannot store,
 * - `AbortError` or the reason of the signal.
 */
export async function moveCatalogue(options: MoveOptions): Promise<Moved> {
  const databasePath = findDatabase(options.from);
  try {
    const held = holdDataDirectory(options.from, options.command);
    try {
      return await moveFrom(held, options);
    } finally {
      held.release();
    }
  } catch (error) {
    throw orCatalogueFull(error, resolve(databasePath, '..'));
  }
}

async function moveFrom(held: DataDirectory, options: MoveOptions): Promise<Moved> {
  const { clock = systemClock } = options;
  const mark = readMoveMark(held.path);
  if (mark !== null && mark.moved_at_ms !== null) {
    // The move may have been killed just before it did so.
    removeOwnArchive(held, mark);
    throw new CatalogueMovedError(held.path, mark);
  }
  await using target = await openPostgresTarget(options.to, options.toFrom);
  if (mark !== null && mark.to !== target.name) throw new CatalogueMovedError(held.path, mark);
  const state = await stateOf(target, mark?.archive_id ?? null);
  await using source = openSource(held);
  const { database } = source;
  const secrets = await listSealedSecrets(database);
  await SecretSeal.open(options.secretKey, held.path, async () => secrets).check();
  const marked = mark ?? newMark(held, target, options, clock);
  const { archive_path: path } = marked;
  if (mark === null && options.archive !== null && existsSync(path)) {
    throw new ArchiveError(path, 'the file exists already. Remove it, or name another one');
  }
  let tables: readonly TableSummary[];
  try {
    ({ tables } = await archiveOf(database, marked, options));
    if (state !== 'finished') {
      // To write and check the archive takes a while: somebody may have begun to use the database.
      await stateOf(target, mark?.archive_id ?? null);
      await writeMoveMark(held.path, marked);
    }
  } catch (error) {
    // Nothing says yet that it belongs to a move.
    if (mark === null) rmSync(path, { force: true });
    throw error;
  }
  if (state !== 'finished') await load(target, path, tables, { ...options, clock });
  await writeMoveMark(held.path, { ...marked, moved_at_ms: clock.nowMs() });
  removeOwnArchive(held, marked);
  return { to: target.name, tables, sealedSecrets: secrets.length };
}

/** Removes the archive of a move, unless it was asked for. */
function removeOwnArchive(held: DataDirectory, { archive_path: path }: MoveMark): void {
  if (path === join(held.path, archiveName)) rmSync(path, { force: true });
}

/** What to do about a database that has other content: before a move, and once the move is bound to it. */
const otherDatabase = 'Name a database with an empty catalogue: create one, and run "backup-sync migrate" on it';
const sameDatabase = 'Create it again, run "backup-sync migrate" on it, then run this command again';

/** Throws {@link DatabaseError} unless the database is empty, or loaded from the archive of this move. */
async function stateOf(target: PostgresTarget, archiveId: string | null) {
  const advice = archiveId === null ? otherDatabase : sameDatabase;
  return inTarget(target, advice, async () => {
    const state = await findLoad(target.database, archiveId);
    // The nodes of a finished move may be at work already.
    if (state !== 'finished') await refuseLiveNodes(target);
    return state;
  });
}

async function inTarget<Result>(
  { name }: PostgresTarget,
  advice: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CatalogueNotEmptyError)) throw withRemedy(catalogueFault(error));
    throw new DatabaseError(`The catalogue cannot be moved to the database ${name}: ${error.message}. ${advice}.`, {
      cause: error,
    });
  }
}

function withRemedy(error: unknown): unknown {
  if (!(error instanceof CatalogueUnavailableError)) return error;
  return new CatalogueUnavailableError(`${error.message} Run the same command again: it continues where it stopped.`, {
    cause: error,
  });
}

function openSource(held: DataDirectory): AsyncDisposable & { readonly database: Kysely<Schema> } {
  const connection = connect(held.databasePath, 'query');
  try {
    checkSchema(connection);
  } catch (error) {
    connection.sqlite.close();
    throw error;
  }
  return { database: connection.database, [Symbol.asyncDispose]: () => connection.database.destroy() };
}

function newMark(held: DataDirectory, { name }: PostgresTarget, { archive }: MoveOptions, clock: Clock): MoveMark {
  const nowMs = clock.nowMs();
  return {
    to: name,
    archive_id: uuidv7(),
    archived_at_ms: nowMs,
    archive_path: archive === null ? join(held.path, archiveName) : resolve(archive),
    begun_at_ms: nowMs,
    moved_at_ms: null,
  };
}

/** The archive of a move, checked to its end. */
type Archived = { readonly header: ArchiveHeader; readonly tables: readonly TableSummary[] };

/**
 * Writes the archive of a move, or takes the one that an interrupted move has written. If that is gone or damaged, the
 * same one is written again: the data directory has not been used since.
 */
async function archiveOf(
  database: Kysely<Schema>,
  { archive_path: path, archive_id: id, archived_at_ms: createdAtMs }: MoveMark,
  options: MoveOptions,
): Promise<Archived> {
  const { signal, onRows } = options;
  const written = await checkArchive(path, options).catch((error: unknown) => {
    if (error instanceof ArchiveError) return null;
    throw error;
  });
  if (written?.header.id === id) return written;
  await database.transaction().execute((transaction) =>
    writeArchive({
      ...{ database: transaction, path, id, createdAtMs, signal, convert: withoutNul },
      onRows: (table, rows) => onRows('write', table, rows),
    }),
  );
  return checkArchive(path, options);
}

/** Throws `ArchiveError` unless the whole archive is valid and PostgreSQL can store it. */
async function checkArchive(path: string, { signal, onRows }: MoveOptions): Promise<Archived> {
  const tables: TableSummary[] = [];
  let header: ArchiveHeader | null = null;
  for await (const part of readArchive(path, await readTableShapes())) {
    signal.throwIfAborted();
    if (part.kind === 'header') header = part.header;
    else if (part.kind === 'end') {
      tables.push(part.summary);
      onRows('check', part.summary.table, part.summary.rows);
    } else {
      for (const [index, value] of part.row.entries()) {
        const wrong = postgresFault(value);
        if (wrong === null) continue;
        throw new ArchiveError(path, `${part.shape.columns[index]?.name} of ${nameRow(part)} ${wrong}`);
      }
    }
  }
  if (header === null) throw new Error('an archive without a header was read');
  return { header, tables };
}

/** Names a row by its key, so that a person can find it. */
function nameRow({ shape: { name, columns, key }, row }: { readonly shape: TableShape; readonly row: Row }): string {
  const values = key.map((column) => quote(String(row[columns.findIndex((each) => each.name === column)])));
  return `the row ${values.join(', ')} of the table ${name}`;
}

async function load(
  target: PostgresTarget,
  path: string,
  tables: readonly TableSummary[],
  { from, signal, onRows, clock }: MoveOptions & { readonly clock: Clock },
): Promise<void> {
  const { database } = target;
  const nowMs = () => clock.nowMs();
  await inTarget(target, sameDatabase, async () => {
    await loadArchive({ database, path, nowMs, signal, onRows: (table, rows) => onRows('load', table, rows) });
    await verifyLoad({ database, signal, onRows: (table, rows) => onRows('verify', table, rows) }, tables);
    await refuseLiveNodes(target);
    await finishLoad(database, clock.nowMs(), continueNumbers, async (transaction, due) => {
      await enqueue(transaction, due);
      const unit = rememberedStorageUnit(from);
      if (unit !== null) await keepSetting(transaction, 'storage_unit', unit);
    });
  });
}
