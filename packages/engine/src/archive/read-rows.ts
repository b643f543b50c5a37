import { type Kysely, sql } from 'kysely';
import type { Schema } from '../catalogue/schema.ts';
import { type Row, RowTally, rowLine, type TableSummary, type Value } from './archive-format.ts';
import type { TableShape } from './table-shapes.ts';

/** Rows that are read at once. */
const pageRows = 500;

/** Reads all rows of a table in the order of its key, in pages. Every database has the same order: that of the bytes. */
export async function* readRows(
  database: Kysely<Schema>,
  { name, columns, key }: TableShape,
): AsyncGenerator<readonly Row[]> {
  const selected = sql.join(columns.map((column) => sql.ref(column.name)));
  const ofKey = sql.join(key.map((column) => sql.ref(column)));
  const table = sql.table(name);
  let last: Readonly<Record<string, Value>> | undefined;
  do {
    const after =
      last === undefined ? sql`` : sql`where (${ofKey}) > (${sql.join(key.map((column) => last?.[column]))})`;
    const { rows } = await sql<Record<string, Value>>`select ${selected} from ${table} ${after}
      order by ${ofKey} limit ${sql.lit(pageRows)}`.execute(database);
    if (rows.length > 0) yield rows.map((row) => columns.map((column) => row[column.name] ?? null));
    last = rows.length < pageRows ? undefined : rows.at(-1);
  } while (last !== undefined);
}

/** Counts and hashes the rows of a table in a database, as an archive of it would. */
export async function summarize(
  database: Kysely<Schema>,
  shape: TableShape,
  onRows: (rows: number) => void,
): Promise<TableSummary> {
  const tally = new RowTally(shape.name);
  for await (const rows of readRows(database, shape)) {
    for (const row of rows) tally.add(rowLine(row));
    onRows(tally.rows);
  }
  return tally.end();
}
