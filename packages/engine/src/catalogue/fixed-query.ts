import type { Compilable, CompiledQuery, Kysely, RawBuilder } from 'kysely';
import { type Differences, differencesOf } from './differences.ts';
import type { Schema } from './schema.ts';

/** A value of a column, or a list of them for `in`. */
type Value = string | number | null | readonly (string | number)[];
/** The values of a query: each alone, or the columns of a row. */
export type Values = Readonly<Record<string, Value | object>>;

/** Longest list for which a query is kept: as many as there are levels. Each length needs another statement. */
const keptListMax = 6;

/** A query that is built once for each database. Its text depends only on the lengths of the lists in its values. */
export type FixedQuery<Given extends Values, Row> = {
  all(database: Kysely<Schema>, values: Given): Promise<readonly Row[]>;
  first(database: Kysely<Schema>, values: Given): Promise<Row | undefined>;
};

/** Stands for a value while a query is built. */
class Slot {
  readonly path: readonly (string | number)[];

  constructor(path: readonly (string | number)[]) {
    this.path = path;
  }

  [Symbol.toPrimitive](): never {
    throw new TypeError(`a fixed query computes with ${this.path.join('.')} instead of passing it as a parameter`);
  }
}

/**
 * Makes a query that runs often. Building and compiling a query takes several times as long as SQLite needs to run it,
 * so that is done with the first values, and later ones only take their places. PostgreSQL parses and plans it once for
 * each connection.
 *
 * `build` must use the values as parameters only, and must not compute with them or compare them. A row always has the
 * same columns, none of them undefined.
 */
export function fixedQuery<Given extends Values, Row>(
  build: (database: Kysely<Schema>, values: Given) => Compilable<Row> | RawBuilder<Row>,
): FixedQuery<Given, Row> {
  const kept = new WeakMap<Differences, Map<string, CompiledQuery<Row>>>();

  const compile = (database: Kysely<Schema>, values: Given): CompiledQuery<Row> => {
    const lengths = lengthsOf(values);
    if (lengths === null) return build(database, values).compile(database);
    const differences = differencesOf(database);
    const ofDatabase = kept.get(differences) ?? new Map<string, CompiledQuery<Row>>();
    kept.set(differences, ofDatabase);
    // A slot has the type of its value as far as Kysely can see.
    const query = ofDatabase.get(lengths) ?? build(database, slotsOf(values, []) as Given).compile(database);
    if (!ofDatabase.has(lengths)) differences.prepare?.(query.sql);
    ofDatabase.set(lengths, query);
    const parameters = query.parameters.map((parameter) =>
      parameter instanceof Slot ? differences.storable(valueAt(values, parameter)) : parameter,
    );
    return { ...query, parameters };
  };

  const all = async (database: Kysely<Schema>, values: Given): Promise<readonly Row[]> => {
    const { rows } = await database.executeQuery(compile(database, values));
    return rows;
  };
  return { all, first: async (database, values) => (await all(database, values))[0] };
}

/** The lengths of the lists in these values, as text; null if one is too long for its query to be kept. */
function lengthsOf(values: Values): string | null {
  let lengths = '';
  for (const value of Object.values(values)) {
    if (!Array.isArray(value)) continue;
    if (value.length > keptListMax) return null;
    lengths += `${value.length},`;
  }
  return lengths;
}

function slotsOf(value: unknown, path: readonly (string | number)[]): unknown {
  if (typeof value !== 'object' || value === null) return new Slot(path);
  if (Array.isArray(value)) return value.map((each, index) => slotsOf(each, [...path, index]));
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, slotsOf(each, [...path, name])]));
}

function valueAt(values: unknown, { path }: Slot): unknown {
  let value = values;
  for (const name of path) value = (value as Readonly<Record<string | number, unknown>>)[name];
  return value;
}
