import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Kysely, Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { countSealed, type SealedCounts } from '../catalogue/identity-records.ts';
import { listSealedSecrets } from '../catalogue/identity-steps/access-keys.ts';
import type { Schema } from '../catalogue/schema.ts';
import { connect } from '../catalogue/sqlite/connection.ts';
import { type DataDirectory, findDatabase, holdDataDirectory } from '../catalogue/sqlite/data-directory.ts';
import { orCatalogueFull } from '../catalogue/sqlite/full-disk.ts';
import { CatalogueMovedError, type MoveMark, readMoveMark, writeMoveMark } from '../catalogue/sqlite/move-mark.ts';
import { checkSchema } from '../catalogue/sqlite/upgrade.ts';
import { keepSetting } from '../catalogue/steps/settings.ts';
import { type Clock, systemClock } from '../clock.ts';
import { SecretSeal } from '../identity/secret-seal.ts';
import { rememberedStorageUnit } from '../storage/remembered-storage-unit.ts';
import { ArchiveError } from './archive-error.ts';
import type { TableSummary } from './archive-format.ts';
import { type CheckedArchive, checkArchive } from './check-archive.ts';
import { findLoadOf, loadIntoPostgres } from './load-into-postgres.ts';
import { openPostgresTarget, type PostgresTarget } from './postgres-target.ts';
import { withoutNul } from './value-fault.ts';
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
  /** The version of this program. */
  readonly release: string;
  readonly signal: AbortSignal;
  /** Called after each few hundred rows of a table. */
  readonly onRows: (step: MoveStep, table: string, rows: number) => void;
  readonly clock?: Clock;
};

export type Moved = {
  /** The database, without credentials. */
  readonly to: string;
  readonly tables: readonly TableSummary[];
  /** Access keys that can be used, and hooks. Every node has to open their secrets with the key of the data directory. */
  readonly sealed: SealedCounts;
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
  const state = await findLoadOf(target, 'moved', mark?.archive_id ?? null);
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
      await findLoadOf(target, 'moved', mark?.archive_id ?? null);
      await writeMoveMark(held.path, marked);
    }
  } catch (error) {
    // Nothing says yet that it belongs to a move.
    if (mark === null) rmSync(path, { force: true });
    throw error;
  }
  if (state !== 'finished') {
    const settle = async (transaction: Transaction<Schema>) => {
      const unit = rememberedStorageUnit(options.from);
      if (unit !== null) await keepSetting(transaction, 'storage_unit', unit);
    };
    await loadIntoPostgres(target, 'moved', { ...options, path, tables, clock, settle });
  }
  await writeMoveMark(held.path, { ...marked, moved_at_ms: clock.nowMs() });
  removeOwnArchive(held, marked);
  return { to: target.name, tables, sealed: countSealed(secrets) };
}

/** Removes the archive of a move, unless it was asked for. */
function removeOwnArchive(held: DataDirectory, { archive_path: path }: MoveMark): void {
  if (path === join(held.path, archiveName)) rmSync(path, { force: true });
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

/**
 * Writes the archive of a move, or takes the one that an interrupted move has written. If that is gone or damaged, the
 * same one is written again: the data directory has not been used since.
 */
async function archiveOf(
  database: Kysely<Schema>,
  { archive_path: path, archive_id: id, archived_at_ms: createdAtMs }: MoveMark,
  options: MoveOptions,
): Promise<CheckedArchive> {
  const { release, signal, onRows } = options;
  const onTable = (table: string, rows: number) => onRows('check', table, rows);
  const check = () => checkArchive(path, { forPostgres: true, signal, onTable });
  const written = await check().catch((error: unknown) => {
    if (error instanceof ArchiveError) return null;
    throw error;
  });
  if (written?.header.id === id) return written;
  await database.transaction().execute((transaction) =>
    writeArchive({
      ...{
        database: transaction,
        path,
        replace: true,
        id,
        createdAtMs,
        release,
        signal,
        convert: withoutNul,
        secretKey: null,
      },
      storageUnit: rememberedStorageUnit(options.from),
      onRows: (table, rows) => onRows('write', table, rows),
    }),
  );
  return check();
}
