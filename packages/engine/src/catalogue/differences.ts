import {
  type Expression,
  type Insertable,
  type Kysely,
  type RawBuilder,
  type SelectQueryBuilder,
  type SqlBool,
  sql,
} from 'kysely';
import type { Lock } from './lock-kinds.ts';
import type { Schema } from './schema.ts';

/** What databases do differently. Everything else that steps do is the same for all of them. */
export type Differences = {
  /**
   * Takes locks that keep other steps out until the transaction ends; see locks.ts. Null if steps run one at a time, so
   * that none is needed.
   */
  readonly takeLocks: ((database: Kysely<Schema>, locks: readonly Lock[]) => Promise<void>) | null;
  /**
   * Inserts imports that all have the columns of the first one, with `operations.sequence` in the order of the rows. If
   * transactions overlap, it writes them in the order of their digests: those that insert several of the same items then
   * do not wait for each other.
   */
  readonly insertImports: (
    database: Kysely<Schema>,
    rows: readonly Insertable<Schema['operations']>[],
  ) => Promise<void>;
  /**
   * Inserts any number of rows that all have the columns of the first one, with a statement that does not depend on
   * their number. Building the statement for each number of rows would take longer than inserting them.
   */
  readonly insertRows: <Table extends keyof Schema>(
    database: Kysely<Schema>,
    table: Table,
    rows: readonly Insertable<Schema[Table]>[],
  ) => Promise<void>;
  /** Lets nobody else change or guard the rows that a query returns, until the transaction ends. */
  readonly keepRows: <Tables extends keyof Schema, Selected>(
    query: SelectQueryBuilder<Schema, Tables, Selected>,
  ) => SelectQueryBuilder<Schema, Tables, Selected>;
  /** Lets nobody change the rows that a query returns until the transaction ends. Null if nobody could. */
  readonly guardRows:
    | (<Tables extends keyof Schema, Selected>(
        query: SelectQueryBuilder<Schema, Tables, Selected>,
      ) => SelectQueryBuilder<Schema, Tables, Selected>)
    | null;
  /** The smaller of two numbers. */
  readonly least: (one: Expression<number | null>, other: Expression<number | null>) => RawBuilder<number>;
  /** A list of texts as one parameter, for `isAmong`. */
  readonly asList: (texts: readonly string[]) => string;
  /**
   * Whether a text is one of a list. Unlike with `in`, the statement does not depend on the length of the list, so that
   * it need not be built for each.
   */
  readonly isAmong: (text: Expression<string | null>, list: string) => RawBuilder<SqlBool>;
  /** Whether a text contains another. */
  readonly contains: (text: Expression<string>, part: string) => RawBuilder<SqlBool>;
  /**
   * Called with the text of each fixed query, which connections may then prepare. Null if they prepare every text.
   */
  readonly prepare: ((text: string) => void) | null;
  /** Converts a parameter of a query to what the database can store, as its dialect does when it compiles one. */
  readonly storable: (parameter: unknown) => unknown;
  /** Writes a meaningless value, which shows that the database can be written. */
  readonly touch: (database: Kysely<Schema>) => Promise<void>;
  /**
   * Gives some free pages of the database's file back to the disk, and returns how many are left. Null if the database
   * does so by itself.
   */
  readonly releaseFreePages: ((database: Kysely<Schema>) => Promise<number>) | null;
  /**
   * The time by the database's clock, in milliseconds since 1970, for times that several nodes compare. Null if one
   * process uses the database, and its own clock counts.
   */
  readonly nowMs: RawBuilder<number> | null;
  /** The bytes that the database takes on its disk. */
  readonly sizeBytes: RawBuilder<number>;
};

/** The differences of the database that a step runs on. The adapters of the catalogue's dialects have them. */
export function differencesOf(database: Kysely<Schema>): Differences {
  const { adapter } = database.getExecutor();
  if (!('differences' in adapter)) throw new TypeError('the catalogue was opened with another dialect than its own');
  return adapter.differences as Differences;
}

/** The present in milliseconds since 1970: by the clock of a database that several nodes share, else `nowMs`. */
export function presentMs(database: Kysely<Schema>, nowMs: number): RawBuilder<number> {
  return differencesOf(database).nowMs ?? sql`${Math.round(nowMs)}`;
}
