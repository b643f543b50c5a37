import { type Insertable, type Kysely, type SqliteDatabase, sql } from 'kysely';
import type { Differences } from '../differences.ts';
import type { Schema } from '../schema.ts';

/** Pages that one step gives back: 2 MB, which takes some milliseconds. */
const releasedPages = 500;

/** SQLite has one writer: steps run one at a time, on this connection. */
export const sqliteDifferences = (connection: SqliteDatabase): Differences => ({
  takeLocks: null,
  insertImports: async (database, rows) => await insertRows(connection, database, 'operations', rows),
  insertRows: async (database, table, rows) => await insertRows(connection, database, table, rows),
  keepRows: (query) => query,
  guardRows: null,
  least: (one, other) => sql`min(${one}, ${other})`,
  asList: (texts) => JSON.stringify(texts),
  isAmong: (text, list) => sql`${text} in (select value from json_each(${list}))`,
  contains: (text, part) => sql`instr(${text}, ${part}) > 0`,
  prepare: null,
  storable: (parameter) => parameter,
  touch: async (database) => {
    // It allocates no page, and the value changes each time, because SQLite does not write a page whose bytes stay the
    // same.
    const { rows } = await sql<{ user_version: number }>`PRAGMA user_version`.execute(database);
    await sql`PRAGMA user_version = ${sql.lit(rows[0]?.user_version === 0 ? 1 : 0)}`.execute(database);
  },
  releaseFreePages: async (database) => {
    // Each row of its answer is a page, but it describes no columns: Kysely would read no more than one.
    connection.prepare(`PRAGMA incremental_vacuum(${releasedPages})`).all([]);
    const { rows } = await sql<{ freelist_count: number }>`PRAGMA freelist_count`.execute(database);
    return rows[0]?.freelist_count ?? 0;
  },
  nowMs: null,
  sizeBytes: sql`(select page_count * page_size from pragma_page_count(), pragma_page_size())`,
});

async function insertRows<Table extends keyof Schema>(
  connection: SqliteDatabase,
  database: Kysely<Schema>,
  table: Table,
  rows: readonly Insertable<Schema[Table]>[],
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const columns = Object.keys(first) as (keyof typeof first)[];
  const names = sql.join(columns.map((column) => sql.ref(String(column))));
  const values = sql.join(columns.map((column) => first[column] ?? null));
  const insert = sql`insert into ${sql.table(table)} (${names}) values (${values})`.compile(database);
  const statement = connection.prepare(insert.sql);
  for (const row of rows) statement.run(columns.map((column) => row[column] ?? null));
}
