import type { Transaction } from 'kysely';
import { CatalogueUnavailableError } from '../catalogue/catalogue-errors.ts';
import type { DueWork } from '../catalogue/operation-records.ts';
import { DatabaseError } from '../catalogue/postgres/database-address.ts';
import { catalogueFault } from '../catalogue/postgres/postgres-fault.ts';
import type { Schema } from '../catalogue/schema.ts';
import type { Clock } from '../clock.ts';
import { enqueue } from '../queue/pg-boss/jobs.ts';
import type { TableSummary } from './archive-format.ts';
import {
  CatalogueNotEmptyError,
  findLoad,
  finishLoad,
  type LoadState,
  loadArchive,
  verifyLoad,
} from './load-archive.ts';
import { continueNumbers, type PostgresTarget, refuseLiveNodes } from './postgres-target.ts';
import { withoutNul } from './value-fault.ts';

/** What happens to the catalogue, for messages. */
export type Loading = 'moved' | 'restored';

/** The beginning of a refusal. */
const refusals: Readonly<Record<Loading, string>> = {
  moved: 'The catalogue cannot be moved to the database',
  restored: 'The catalogue cannot be restored to the database',
};

/** What to do about a database that has other content: before anything is loaded, and once the load has begun. */
const otherDatabase = 'Name a database with an empty catalogue: create one, and run "backup-sync migrate" on it';
const sameDatabase = 'Create it again, run "backup-sync migrate" on it, then run this command again';

/**
 * Returns how far the database is loaded from the archive with this id; null stands for an archive that is not written
 * yet. Throws {@link DatabaseError} if the database has other content, or nodes use it.
 */
export async function findLoadOf(
  target: PostgresTarget,
  loading: Loading,
  archiveId: string | null,
): Promise<LoadState> {
  const advice = archiveId === null || loading === 'restored' ? otherDatabase : sameDatabase;
  return inTarget(target, loading, advice, async () => {
    const state = await findLoad(target.database, archiveId);
    // Nodes may be at work already on what was loaded.
    if (state !== 'finished') await refuseLiveNodes(target);
    return state;
  });
}

export type PostgresLoadOptions = {
  readonly path: string;
  /** The tables of the archive, as PostgreSQL stores them. */
  readonly tables: readonly TableSummary[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onRows: (step: 'load' | 'verify', table: string, rows: number) => void;
  /** Called in the transaction that makes the catalogue usable. */
  readonly settle: (transaction: Transaction<Schema>) => Promise<void>;
};

/** Loads an archive into a database, or continues to, compares the two, and makes the catalogue usable. */
export async function loadIntoPostgres(
  target: PostgresTarget,
  loading: Loading,
  { path, tables, clock, signal, onRows, settle }: PostgresLoadOptions,
): Promise<void> {
  const { database } = target;
  const nowMs = () => clock.nowMs();
  await inTarget(target, loading, sameDatabase, async () => {
    const onLoaded = (table: string, rows: number) => onRows('load', table, rows);
    await loadArchive({ database, path, nowMs, signal, convert: withoutNul, onRows: onLoaded });
    await verifyLoad({ database, signal, onRows: (table, rows) => onRows('verify', table, rows) }, tables);
    await refuseLiveNodes(target);
    const store = async (transaction: Transaction<Schema>, due: readonly DueWork[]) => {
      await enqueue(transaction, due);
      await settle(transaction);
    };
    await finishLoad(database, clock.nowMs(), continueNumbers, store);
  });
}

async function inTarget<Result>(
  { name }: PostgresTarget,
  loading: Loading,
  advice: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CatalogueNotEmptyError)) throw withRemedy(catalogueFault(error));
    throw new DatabaseError(`${refusals[loading]} ${name}: ${error.message}. ${advice}.`, { cause: error });
  }
}

function withRemedy(error: unknown): unknown {
  if (!(error instanceof CatalogueUnavailableError)) return error;
  return new CatalogueUnavailableError(`${error.message} Run the same command again: it continues where it stopped.`, {
    cause: error,
  });
}
