import { quote } from '../quote.ts';
import { ArchiveError } from './archive-error.ts';
import { type ArchiveHeader, type Row, RowTally, rowLine, type TableSummary } from './archive-format.ts';
import { readArchive } from './read-archive.ts';
import { readTableShapes, type TableShape } from './table-shapes.ts';
import { postgresFault, withoutNul } from './value-fault.ts';

/** An archive that was checked to its end, and its tables as the database will have them. */
export type CheckedArchive = { readonly header: ArchiveHeader; readonly tables: readonly TableSummary[] };

export type CheckOptions = {
  /** Whether it is to be loaded into PostgreSQL, which stores U+FFFD instead of NUL, see {@link withoutNul}. */
  readonly forPostgres: boolean;
  readonly signal: AbortSignal;
  /** Called with the number of rows after each table. */
  readonly onTable: (table: string, rows: number) => void;
};

/** Throws `ArchiveError` unless the whole archive is valid and the database can store it. */
export async function checkArchive(
  path: string,
  { forPostgres, signal, onTable }: CheckOptions,
): Promise<CheckedArchive> {
  const tables: TableSummary[] = [];
  let header: ArchiveHeader | null = null;
  let stored: RowTally | null = null;
  for await (const part of readArchive(path, await readTableShapes())) {
    signal.throwIfAborted();
    if (part.kind === 'header') header = part.header;
    else if (part.kind === 'end') {
      tables.push(stored?.end() ?? part.summary);
      stored = null;
      onTable(part.summary.table, part.summary.rows);
    } else if (forPostgres) {
      stored ??= new RowTally(part.shape.name);
      stored.add(rowLine(storable(part, path)));
    }
  }
  if (header === null) throw new Error('an archive without a header was read');
  return { header, tables };
}

/** The row as PostgreSQL will store it. */
function storable({ shape, row }: { readonly shape: TableShape; readonly row: Row }, path: string): Row {
  const converted = withoutNul(shape, row);
  const index = converted.findIndex((value) => postgresFault(value) !== null);
  if (index === -1) return converted;
  const wrong = postgresFault(converted[index] ?? null);
  throw new ArchiveError(path, `${shape.columns[index]?.name} of ${nameRow(shape, row)} ${wrong}`);
}

/** Names a row by its key, so that a person can find it. */
function nameRow({ name, columns, key }: TableShape, row: Row): string {
  const values = key.map((column) => quote(String(row[columns.findIndex((each) => each.name === column)])));
  return `the row ${values.join(', ')} of the table ${name}`;
}
