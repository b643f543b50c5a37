import { type Kysely, sql, type Transaction } from 'kysely';
import type { DueWork } from '../catalogue/operation-records.ts';
import type { Schema } from '../catalogue/schema.ts';
import { releaseOperations } from '../catalogue/steps/release-operations.ts';
import type { Row, TableSummary } from './archive-format.ts';
import { readArchive } from './read-archive.ts';
import { summarize } from './read-rows.ts';
import { readTableShapes, type TableShape } from './table-shapes.ts';

/** Parameters of one insert. More than a few thousand make it no faster. */
const parametersMax = 4_000;
/** Rows of one transaction. */
const rowsMax = 1_000;
/** Characters of one transaction, so that large rows do not take much memory. */
const charactersMax = 4 * 1024 * 1024;

/** A database has content that is not of the archive. The message says which, as a part of a sentence. */
export class CatalogueNotEmptyError extends Error {
  override readonly name = 'CatalogueNotEmptyError';
}

/** How far a database is loaded: not at all, in part, or completely and verified. */
export type LoadState = 'absent' | 'begun' | 'finished';

/**
 * Returns how far the database is loaded from the archive with this id. Null stands for an archive that is not written
 * yet. Throws {@link CatalogueNotEmptyError} if the database has other content. Changes nothing.
 */
export async function findLoad(database: Kysely<Schema>, archiveId: string | null): Promise<LoadState> {
  const load = await database.selectFrom('archive_loads').selectAll().executeTakeFirst();
  if (load !== undefined) {
    if (load.archive_id === archiveId) return load.finished_at_ms === null ? 'begun' : 'finished';
    throw new CatalogueNotEmptyError(
      load.finished_at_ms === null
        ? `it is being loaded from another archive, since ${new Date(load.begun_at_ms).toISOString()}`
        : `it was loaded from another archive, at ${new Date(load.finished_at_ms).toISOString()}`,
    );
  }
  for (const { name } of await readTableShapes()) {
    const { rows } = await sql`select 1 from ${sql.table(name)} limit 1`.execute(database);
    if (rows.length > 0) throw new CatalogueNotEmptyError(`its table ${name} has rows`);
  }
  return 'absent';
}

export type LoadOptions = {
  /** A catalogue with the schema of this release. */
  readonly database: Kysely<Schema>;
  readonly path: string;
  /** Returns what to store instead of a row. The key must stay the same. */
  readonly convert?: (shape: TableShape, row: Row) => Row;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
  /** Called with the rows of a table that are loaded so far. */
  readonly onRows: (table: string, rows: number) => void;
};

/**
 * Loads an archive into an empty catalogue, or continues where an earlier load of the same archive stopped. Each
 * transaction stores some rows and how far the load is. {@link verifyLoad} and {@link finishLoad} have to follow.
 *
 * Throws the errors of {@link readArchive} and {@link findLoad}, and the reason of the signal.
 */
export async function loadArchive(options: LoadOptions): Promise<void> {
  const shapes = await readTableShapes();
  let load: Load | null = null;
  for await (const part of readArchive(options.path, shapes)) {
    options.signal.throwIfAborted();
    if (part.kind === 'header') load = await Load.begin(options, part.header.id);
    else if (part.kind === 'row') {
      const row = options.convert?.(part.shape, part.row) ?? part.row;
      await load?.add(shapes.indexOf(part.shape), part.shape, row);
    } else await load?.store();
  }
}

/** Rows on their way to the database. */
class Load {
  readonly #options: LoadOptions;
  readonly #archiveId: string;
  /** What is stored: the place of the table, and the number of its rows. */
  #tableNumber: number;
  #rowCount: number;
  #waiting: { readonly shape: TableShape; readonly tableNumber: number; readonly rows: Row[] } | null = null;
  #characters = 0;
  /** The row that was added last: its table and its number, from 1. */
  #read: readonly [table: number, row: number] = [0, 0];

  private constructor(options: LoadOptions, archiveId: string, tableNumber: number, rowCount: number) {
    this.#options = options;
    this.#archiveId = archiveId;
    this.#tableNumber = tableNumber;
    this.#rowCount = rowCount;
  }

  static async begin(options: LoadOptions, archiveId: string): Promise<Load> {
    const { database, nowMs } = options;
    if ((await findLoad(database, archiveId)) === 'absent') {
      await database
        .insertInto('archive_loads')
        .values({
          only: 1,
          archive_id: archiveId,
          table_number: 0,
          row_count: 0,
          begun_at_ms: nowMs(),
          finished_at_ms: null,
        })
        // Another process may have begun at the same moment.
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      await findLoad(database, archiveId);
    }
    const { table_number, row_count } = await database
      .selectFrom('archive_loads')
      .select(['table_number', 'row_count'])
      .executeTakeFirstOrThrow();
    return new Load(options, archiveId, table_number, row_count);
  }

  async add(tableNumber: number, shape: TableShape, row: Row): Promise<void> {
    const [lastTable, lastRow] = this.#read;
    this.#read = [tableNumber, tableNumber === lastTable ? lastRow + 1 : 1];
    const isStored =
      tableNumber < this.#tableNumber || (tableNumber === this.#tableNumber && this.#read[1] <= this.#rowCount);
    if (isStored) return;
    this.#waiting ??= { shape, tableNumber, rows: [] };
    this.#waiting.rows.push(row);
    for (const value of row) if (typeof value === 'string') this.#characters += value.length;
    if (this.#waiting.rows.length >= rowsMax || this.#characters >= charactersMax) await this.store();
  }

  /** Stores the rows that were added, with the new position of the load. */
  async store(): Promise<void> {
    if (this.#waiting === null) return;
    const { shape, tableNumber, rows } = this.#waiting;
    const rowCount = (tableNumber === this.#tableNumber ? this.#rowCount : 0) + rows.length;
    await this.#options.database.transaction().execute(async (transaction) => {
      await this.#advance(transaction, tableNumber, rowCount);
      await insertRows(transaction, shape, rows);
    });
    this.#tableNumber = tableNumber;
    this.#rowCount = rowCount;
    this.#waiting = null;
    this.#characters = 0;
    this.#options.onRows(shape.name, rowCount);
  }

  /** Moves the stored position from where this process left it. It keeps the row locked until the transaction ends. */
  async #advance(transaction: Transaction<Schema>, tableNumber: number, rowCount: number): Promise<void> {
    const { numUpdatedRows } = await transaction
      .updateTable('archive_loads')
      .set({ table_number: tableNumber, row_count: rowCount })
      .where('archive_id', '=', this.#archiveId)
      .where('table_number', '=', this.#tableNumber)
      .where('row_count', '=', this.#rowCount)
      .where('finished_at_ms', 'is', null)
      .executeTakeFirst();
    if (numUpdatedRows === 1n) return;
    throw new CatalogueNotEmptyError('another process is loading it at the same time');
  }
}

async function insertRows(transaction: Transaction<Schema>, shape: TableShape, rows: readonly Row[]): Promise<void> {
  const rowsOfInsert = Math.max(1, Math.floor(parametersMax / shape.columns.length));
  let insert = insertOf(shape, rows.slice(0, rowsOfInsert)).compile(transaction);
  for (let start = 0; start < rows.length; start += rowsOfInsert) {
    const some = rows.slice(start, start + rowsOfInsert);
    const parameters = some.flat();
    // Compiled only for another number of rows: to compile thousands of parameters takes longer than to store them.
    if (parameters.length !== insert.parameters.length) insert = insertOf(shape, some).compile(transaction);
    await transaction.executeQuery({ ...insert, parameters });
  }
}

function insertOf({ name, columns }: TableShape, rows: readonly Row[]) {
  const values = rows.map((row) => sql`(${sql.join(row)})`);
  return sql`insert into ${sql.table(name)} (${sql.join(columns.map((column) => sql.ref(column.name)))})
    values ${sql.join(values)}`;
}

/**
 * Reads a loaded catalogue again, and compares the number and the digest of the rows of each table with the archive.
 * Throws {@link CatalogueNotEmptyError} that names the first table that differs.
 */
export async function verifyLoad(
  { database, signal, onRows }: Pick<LoadOptions, 'database' | 'signal' | 'onRows'>,
  summaries: readonly TableSummary[],
): Promise<void> {
  const shapes = await readTableShapes();
  for (const [index, shape] of shapes.entries()) {
    const found = await summarize(database, shape, (rows) => {
      signal.throwIfAborted();
      onRows(shape.name, rows);
    });
    const expected = summaries[index];
    if (found.rows !== expected?.rows) {
      throw new CatalogueNotEmptyError(`its table ${shape.name} has ${found.rows} rows, the archive ${expected?.rows}`);
    }
    if (found.sha256 !== expected.sha256) {
      throw new CatalogueNotEmptyError(`the rows of its table ${shape.name} are not those of the archive`);
    }
  }
}

/**
 * Opens a loaded and verified catalogue for use. Operations that were running wait again, as after a kill, because
 * nobody works on them here. `continueNumbers` makes the database number new rows after those that were loaded, and
 * `storeJobs` stores jobs for the work that waits.
 */
export async function finishLoad(
  database: Kysely<Schema>,
  nowMs: number,
  continueNumbers: (transaction: Transaction<Schema>, table: string, column: string) => Promise<void>,
  storeJobs: (transaction: Transaction<Schema>, due: readonly DueWork[]) => Promise<void>,
): Promise<void> {
  const shapes = await readTableShapes();
  await database.transaction().execute(async (transaction) => {
    for (const { name, columns } of shapes) {
      for (const column of columns) if (column.isNumbered) await continueNumbers(transaction, name, column.name);
    }
    await storeJobs(transaction, await releaseOperations(transaction, null, nowMs));
    await transaction.updateTable('archive_loads').set({ finished_at_ms: nowMs }).execute();
  });
}
