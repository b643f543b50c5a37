import { type Kysely, PostgresAdapter, PostgresDialect, PostgresQueryCompiler, type RawBuilder, sql } from 'kysely';
import type { Differences } from '../differences.ts';
import { type FixedQuery, fixedQuery } from '../fixed-query.ts';
import type { Schema } from '../schema.ts';
import { heldLocksOf } from './held-locks.ts';
import { nameText } from './prepared-statements.ts';

/** The time by the database's clock, in milliseconds since 1970. */
export const databaseNowMs = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`;

const postgresDifferences: Differences = {
  takeLocks: async (database, locks) => await heldLocksOf(database).take(database, locks),
  insertImports: async (database, rows) => {
    const [first] = rows;
    if (first === undefined) return;
    await insertNumbered(Object.keys(first), 'operations').all(database, { rows: toJson(rows) });
  },
  insertRows: async (database, table, rows) => {
    const [first] = rows;
    if (first === undefined) return;
    await insertInto(Object.keys(first), table).all(database, { rows: toJson(rows) });
  },
  keepRows: (query) => query.forUpdate(),
  guardRows: (query) => query.forShare(),
  least: (one, other) => sql`least(${one}, ${other})`,
  asList: toJson,
  isAmong: (text, list) => sql`${text} = any(array(select json_array_elements_text(${list}::text::json)))`,
  contains: (text, part) => sql`strpos(${text}, ${part}) > 0`,
  prepare: nameText,
  storable,
  // Its autovacuum makes room for new rows.
  releaseFreePages: null,
  touch: async (database: Kysely<Schema>) => {
    await database
      .updateTable('schema_version')
      .set((eb) => ({ touches: eb('touches', '+', 1) }))
      .execute();
  },
  nowMs: databaseNowMs,
  sizeBytes: sql`pg_database_size(current_database())`,
};

type InsertRows = FixedQuery<{ rows: string }, unknown>;

/** Returns a function that makes the insert of rows with these columns, which takes them as JSON, only once. */
function insertOf(
  build: (columns: RawBuilder<unknown>, rows: string, table: string) => RawBuilder<unknown>,
): (columns: readonly string[], table: string) => InsertRows {
  const made = new Map<string, InsertRows>();
  return (columns, table) => {
    const key = JSON.stringify([table, ...columns]);
    const known = made.get(key);
    if (known !== undefined) return known;
    const names = sql.join(columns.map((column) => sql.ref(column)));
    const insert = fixedQuery((_, { rows }: { rows: string }) => build(names, rows, table));
    made.set(key, insert);
    return insert;
  };
}

const insertInto = insertOf((columns, rows, table) => {
  return sql`insert into ${sql.table(table)} (${columns})
    select ${columns} from json_populate_recordset(null::${sql.table(table)}, ${rows}::json)`;
});

const insertNumbered = insertOf((columns, rows, table) => {
  return sql`with numbered as materialized (
      select nextval(pg_get_serial_sequence(${sql.lit(table)}, 'sequence')) as number, given.*
      from json_populate_recordset(null::${sql.table(table)}, ${rows}::json) as given
    )
    insert into ${sql.table(table)} (${columns}, sequence)
    select ${columns}, number from numbered order by item_digest collate "C"`;
});

/** Escapes of characters that a text in PostgreSQL cannot have: NUL, and half of a pair of UTF-16. */
const unstorableEscape = /\\u(0000|d[89a-f])/;

/** Converts rows or texts to JSON whose texts PostgreSQL can store. They become the same as in a parameter of their own. */
function toJson(values: readonly (object | string)[]): string {
  const json = JSON.stringify(values);
  if (!unstorableEscape.test(json)) return json;
  return JSON.stringify(values, (_, value: unknown) =>
    typeof value === 'string' ? String(storable(value)).toWellFormed() : value,
  );
}

/** PostgreSQL stores no NUL, but keys in a bucket may have one. They are stored, and looked for, without it. */
function storable(parameter: unknown): unknown {
  return typeof parameter === 'string' ? parameter.replaceAll('\0', '\ufffd') : parameter;
}

class CatalogueAdapter extends PostgresAdapter {
  readonly differences = postgresDifferences;
}

class CatalogueQueryCompiler extends PostgresQueryCompiler {
  protected override addParameter(parameter: unknown): void {
    super.addParameter(storable(parameter));
  }
}

/** Kysely's PostgreSQL dialect, for the steps of the catalogue. */
export class CatalogueDialect extends PostgresDialect {
  override createQueryCompiler(): PostgresQueryCompiler {
    return new CatalogueQueryCompiler();
  }

  override createAdapter(): PostgresAdapter {
    return new CatalogueAdapter();
  }
}
