import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { migrate } from '../catalogue/migrate.ts';
import type { Schema } from '../catalogue/schema.ts';
import { nodeSqliteDialect } from '../catalogue/sqlite/node-sqlite-dialect.ts';

type ColumnType = 'text' | 'integer' | 'real';

export type ColumnShape = {
  readonly name: string;
  readonly type: ColumnType;
  readonly isNullable: boolean;
  /** Whether the database numbers new rows by this column. */
  readonly isNumbered: boolean;
};

/** A table as an archive describes it, the same in every database. */
export type TableShape = {
  readonly name: string;
  readonly columns: readonly ColumnShape[];
  /** The columns of the primary key, in its order. */
  readonly key: readonly string[];
};

/**
 * The tables about one database and the processes that use it, and counts, which a database keeps by itself. They are no
 * part of a catalogue's content.
 */
const leftOut: readonly string[] = [
  'archive_loads',
  'bucket_budgets',
  'call_limits',
  'guess_limits',
  'kysely_migration',
  'kysely_migration_lock',
  'nodes',
  'row_counts',
  'schema_migrations',
  'schema_version',
];

const columnTypes: Readonly<Record<string, ColumnType>> = {
  text: 'text',
  integer: 'integer',
  bigint: 'integer',
  real: 'real',
};

let shapes: Promise<readonly TableShape[]> | undefined;

/** Returns the tables of a catalogue with the schema of this release. Each comes after the tables that it refers to. */
export function readTableShapes(): Promise<readonly TableShape[]> {
  shapes ??= findShapes();
  return shapes;
}

/**
 * Reads the tables from an empty database that is created for this. So a new table or column is part of every archive
 * without being named here, and the order of columns does not depend on the database.
 */
async function findShapes(): Promise<readonly TableShape[]> {
  using sqlite = new DatabaseSync(':memory:');
  await migrate(new Kysely<Schema>({ dialect: nodeSqliteDialect(sqlite) }));
  const tables = sqlite
    .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
    .all()
    .map(({ name, sql }) => ({ name: String(name), isNumbered: /\bautoincrement\b/i.test(String(sql)) }))
    .filter(({ name }) => !leftOut.includes(name));
  const references = new Map(tables.map(({ name }) => [name, referredBy(sqlite, name)]));
  return inOrderOfReferences(
    tables.map(({ name, isNumbered }) => shapeOf(sqlite, name, isNumbered)),
    references,
  );
}

function shapeOf(sqlite: DatabaseSync, name: string, isNumbered: boolean): TableShape {
  const found = sqlite
    .prepare('SELECT name, lower(type) AS type, "notnull", pk FROM pragma_table_info(?) ORDER BY cid')
    .all(name)
    .map(({ name: column, type, notnull, pk }) => ({
      ...{ name: String(column), type: typeOf(name, String(column), String(type)) },
      ...{ isNullable: Number(notnull) === 0, place: Number(pk) },
    }));
  const ofKey = found.filter(({ place }) => place > 0).toSorted((one, other) => one.place - other.place);
  if (ofKey.length === 0) throw new Error(`${name} has no primary key, so its rows have no order`);
  const columns = found.map(({ place, ...column }) => {
    // A numbered table has a single column as its key. SQLite does not note that it is never null.
    const isNumberedColumn = isNumbered && place > 0;
    return { ...column, isNullable: column.isNullable && !isNumberedColumn, isNumbered: isNumberedColumn };
  });
  return { name, columns, key: ofKey.map((column) => column.name) };
}

function typeOf(table: string, column: string, type: string): ColumnType {
  const found = columnTypes[type];
  if (found === undefined) throw new Error(`${table}.${column} has the type ${type}, which archives do not know`);
  return found;
}

function referredBy(sqlite: DatabaseSync, table: string): readonly string[] {
  return sqlite
    .prepare('SELECT "table" AS name FROM pragma_foreign_key_list(?)')
    .all(table)
    .map(({ name }) => String(name));
}

function inOrderOfReferences(
  shapes: readonly TableShape[],
  references: ReadonlyMap<string, readonly string[]>,
): readonly TableShape[] {
  const ordered: TableShape[] = [];
  while (ordered.length < shapes.length) {
    const placed = new Set(ordered.map(({ name }) => name));
    const next = shapes.find(
      ({ name }) => !placed.has(name) && (references.get(name) ?? []).every((other) => placed.has(other)),
    );
    if (next === undefined) throw new Error('the tables refer to each other in a circle');
    ordered.push(next);
  }
  return ordered;
}
