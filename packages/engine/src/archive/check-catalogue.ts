import { type Kysely, SqliteAdapter, sql } from 'kysely';
import { type Invariant, invariants } from '../catalogue/invariants/invariants.ts';
import type { Schema } from '../catalogue/schema.ts';
import { type CataloguePlace, readCatalogue } from './read-catalogue.ts';
import { readTableShapes } from './table-shapes.ts';

const damagedFile = 'The file of the database is damaged';
/** An archive has neither counts nor the last numbers of tables, so that each restore finds them again. */
const recount = 'Run "catalogue backup" and restore that backup: a restore counts and numbers again.';
/** An archive of a catalogue with such a problem has the problem too. */
const replaceCatalogue =
  'Restore a backup from before the problem, or import everything again with "backup-sync scan --sync" into an empty ' +
  'catalogue.';
const replaceFile = `Check the disk. ${replaceCatalogue}`;
/** Places of a problem that are named. */
const placesMax = 20;

/** Something that is wrong with a catalogue. */
export type CatalogueProblem = {
  readonly fault: string;
  /** What to do about it, as a sentence with a period. */
  readonly remedy: string;
  /** Some of the places, as texts. */
  readonly places: readonly string[];
  /** Whether there are more places. */
  readonly hasMore: boolean;
};

export type CheckedCatalogue = {
  /** Number of things that were checked. */
  readonly checks: number;
  readonly problems: readonly CatalogueProblem[];
};

/**
 * Checks a catalogue as it is at one moment, while other processes may use it: the integrity of its database, and that
 * its rows do not contradict each other. Changes nothing. Throws the errors of {@link readCatalogue}.
 */
export async function checkCatalogue(place: CataloguePlace, options: CheckOptions): Promise<CheckedCatalogue> {
  try {
    return await checkReadable(place, options);
  } catch (error) {
    const damage = error instanceof Error ? damageOf(error.cause) : null;
    if (damage === null) throw error;
    return { checks: 1, problems: [{ fault: damagedFile, remedy: replaceFile, places: [damage], hasMore: false }] };
  }
}

type CheckOptions = { readonly signal: AbortSignal; readonly onCheck: (fault: string) => void };

function checkReadable(place: CataloguePlace, { signal, onCheck }: CheckOptions): Promise<CheckedCatalogue> {
  return readCatalogue(place, async (database) => {
    const checks = [
      ...(isSqlite(database) ? integrityOnSqlite : integrityOnPostgres),
      numbering,
      ...invariants.map(checkOf),
    ];
    const problems: CatalogueProblem[] = [];
    for (const { fault, remedy = replaceCatalogue, find } of checks) {
      signal.throwIfAborted();
      onCheck(fault);
      const places = await placesOf(database, find);
      if (places.length > 0) {
        problems.push({ fault, remedy, places: places.slice(0, placesMax), hasMore: places.length > placesMax });
      }
    }
    return { checks: checks.length, problems };
  });
}

/** Something to check. */
type Check = {
  readonly fault: string;
  /** What to do if something else than {@link replaceCatalogue} helps. */
  readonly remedy?: string;
  /** Returns damaged places. It may stop once it has more than a message lists. */
  readonly find: (database: Kysely<Schema>) => Promise<readonly string[]>;
};

const isSqlite = (database: Kysely<Schema>) => database.getExecutor().adapter instanceof SqliteAdapter;

async function placesOf(database: Kysely<Schema>, find: Check['find']): Promise<readonly string[]> {
  try {
    return await find(database);
  } catch (error) {
    // SQLite cannot read the pages that this check needs.
    const damage = damageOf(error);
    if (damage === null) throw error;
    return [`cannot be checked: ${damage}`];
  }
}

/** SQLite's result codes for a damaged database, and for a file that is none. */
const damageCodes: readonly number[] = [11, 26];

/** Returns what SQLite says about a damaged file; null for any other error. */
function damageOf(error: unknown): string | null {
  if (!(error instanceof Error && 'errcode' in error)) return null;
  return damageCodes.includes(Number(error.errcode) & 0xff) ? error.message : null;
}

/** Returns the texts in the first column of a query. */
async function texts(database: Kysely<Schema>, query: string): Promise<readonly string[]> {
  const { rows } = await sql<Record<string, unknown>>`${sql.raw(query)}`.execute(database);
  return rows.map((row) => String(Object.values(row)[0]));
}

const integrityOnSqlite: readonly Check[] = [
  {
    fault: damagedFile,
    remedy: replaceFile,
    find: async (database) => {
      const found = await texts(database, `PRAGMA integrity_check(${placesMax + 1})`);
      return found.join() === 'ok' ? [] : found;
    },
  },
  {
    fault: 'A row refers to another that does not exist',
    find: (database) =>
      texts(
        database,
        `select distinct "table" || ', to ' || parent from pragma_foreign_key_check limit ${placesMax + 1}`,
      ),
  },
];

const integrityOnPostgres: readonly Check[] = [
  {
    fault: 'An index is not valid',
    remedy: 'Run REINDEX INDEX on each of these in the database.',
    find: (database) =>
      texts(
        database,
        `select indexrelid::regclass::text from pg_index join pg_class on pg_class.oid = indrelid
         where relnamespace = current_schema()::regnamespace and not (indisvalid and indisready) limit ${placesMax + 1}`,
      ),
  },
  {
    fault: 'A constraint is not checked',
    remedy: 'Run ALTER TABLE with VALIDATE CONSTRAINT on each of these in the database.',
    find: (database) =>
      texts(
        database,
        `select conname from pg_constraint where connamespace = current_schema()::regnamespace and not convalidated
         limit ${placesMax + 1}`,
      ),
  },
  {
    fault: 'A trigger that counts rows is disabled',
    remedy: `Run ALTER TABLE with ENABLE TRIGGER on each of these in the database. ${recount}`,
    find: (database) =>
      texts(
        database,
        `select tgname from pg_trigger join pg_class on pg_class.oid = tgrelid
         where relnamespace = current_schema()::regnamespace and tgenabled = 'D' limit ${placesMax + 1}`,
      ),
  },
];

/** The next row would get the number of one that exists. */
const numbering: Check = {
  fault: 'New rows of a table would get numbers that are used',
  remedy: recount,
  find: async (database) => {
    const found: string[] = [];
    for (const { name, columns } of await readTableShapes()) {
      for (const column of columns) {
        if (!column.isNumbered) continue;
        const last = isSqlite(database)
          ? `(select seq from sqlite_sequence where name = '${name}')`
          : `pg_sequence_last_value(pg_get_serial_sequence('${name}', '${column.name}'))`;
        const greatest = `(select max(${column.name}) as number from ${name}) as greatest`;
        found.push(...(await texts(database, `select '${name}' from ${greatest} where number > coalesce(${last}, 0)`)));
      }
    }
    return found;
  },
};

function checkOf({ fault, isCounted = false, places }: Invariant): Check {
  return {
    fault,
    remedy: isCounted ? recount : replaceCatalogue,
    find: (database) => {
      const dayOf = isSqlite(database)
        ? (column: string) => `date(${column} / 1000, 'unixepoch')`
        : (column: string) => `to_char(to_timestamp(${column} / 1000) at time zone 'UTC', 'YYYY-MM-DD')`;
      return texts(database, `${places(dayOf)} limit ${placesMax + 1}`);
    },
  };
}
