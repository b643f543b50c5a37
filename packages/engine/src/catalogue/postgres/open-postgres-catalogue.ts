import { type Ask, assembleCatalogue } from '../assemble-catalogue.ts';
import type { Catalogue } from '../catalogue.ts';
import { CatalogueUnavailableError } from '../catalogue-errors.ts';
import { EventBell } from '../event-bell.ts';
import { type StepOutput, steps } from '../steps.ts';
import type { Step } from '../stores/step.ts';
import { type ConnectionPool, openConnectionPool } from './connection-pool.ts';
import { runStepOnPostgres, type StoreJobs } from './run-step-on-postgres.ts';

/** Connections of a process for steps that may wait for locks. More would wait for each other on the server. */
const writersMax = 6;
/** Connections for reads and urgent steps, which answer while all writers wait. */
const readersMax = 4;

export type PostgresCatalogueOptions = {
  readonly url: string;
  readonly storeJobs: StoreJobs;
};

/** A catalogue on PostgreSQL. */
export type PostgresCatalogue = {
  readonly catalogue: Catalogue;
  /** The connections for writes. */
  readonly connections: Pick<ConnectionPool, 'pool' | 'database'>;
  /** Cuts all connections, see {@link ConnectionPool}. */
  readonly cut: () => void;
  /** Cuts all connections and makes no more. */
  readonly abandon: () => void;
  /** Tells the readers of events in this process that there may be new ones. */
  readonly ring: () => void;
};

/**
 * Opens the catalogue in a PostgreSQL database that other processes may use at the same time. Its steps reject with
 * `CatalogueUnavailableError` while the database does not answer, and with `CatalogueFullError` if its disk is full.
 */
export function openPostgresCatalogue({ url, storeJobs }: PostgresCatalogueOptions): PostgresCatalogue {
  const writers = openConnectionPool(url, writersMax);
  const readers = openConnectionPool(url, readersMax);
  const pools = [writers, readers];
  const bell = new EventBell({ othersWrite: true });
  let closed: Promise<unknown> | null = null;
  const ask: Ask = async (step, input, event, fence) => {
    if (closed !== null) throw new CatalogueUnavailableError('The catalogue is closed.');
    const { access, isUrgent }: Step = steps[step];
    const { database } = access === 'read' || isUrgent === true ? readers : writers;
    const answer = await runStepOnPostgres(database, { step, input, event, fence }, storeJobs);
    // The value of an answer matches the step, but the types of the table of steps do not say so.
    return answer as StepOutput<typeof step>;
  };
  const catalogue = assembleCatalogue(ask, {
    onEvents: bell.onEvents,
    // The jobs are stored with the steps.
    onDue: () => {},
    [Symbol.asyncDispose]: async () => {
      closed ??= Promise.all(pools.map((pool) => pool[Symbol.asyncDispose]()));
      await closed;
    },
  });
  return {
    catalogue,
    connections: writers,
    cut: () => pools.forEach((pool) => void pool.cut()),
    abandon: () => pools.forEach((pool) => void pool.abandon()),
    ring: () => bell.ring(),
  };
}
