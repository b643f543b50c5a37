import { type Ask, assembleCatalogue } from '../assemble-catalogue.ts';
import type { Catalogue } from '../catalogue.ts';
import { CatalogueUnavailableError } from '../catalogue-errors.ts';
import { EventBell } from '../event-bell.ts';
import type { StepOutput } from '../steps.ts';
import { type ConnectionPool, openConnectionPool } from './connection-pool.ts';
import { runStepOnPostgres, type StoreJobs } from './run-step-on-postgres.ts';

/** Connections of a process for steps. More would wait for each other on the server. */
const poolSize = 10;

export type PostgresCatalogueOptions = {
  readonly url: string;
  readonly storeJobs: StoreJobs;
};

/** A catalogue on PostgreSQL. */
export type PostgresCatalogue = {
  readonly catalogue: Catalogue;
  readonly connections: ConnectionPool;
  /** Tells the readers of events in this process that there may be new ones. */
  readonly ring: () => void;
};

/**
 * Opens the catalogue in a PostgreSQL database that other processes may use at the same time. Its steps reject with
 * `CatalogueUnavailableError` while the database does not answer, and with `CatalogueFullError` if its disk is full.
 */
export function openPostgresCatalogue({ url, storeJobs }: PostgresCatalogueOptions): PostgresCatalogue {
  const connections = openConnectionPool(url, poolSize);
  const bell = new EventBell({ othersWrite: true });
  let closed: Promise<void> | null = null;
  const ask: Ask = async (step, input, event, fence) => {
    if (closed !== null) throw new CatalogueUnavailableError('The catalogue is closed.');
    const answer = await runStepOnPostgres(connections.database, { step, input, event, fence }, storeJobs);
    // The value of an answer matches the step, but the types of the table of steps do not say so.
    return answer as StepOutput<typeof step>;
  };
  const catalogue = assembleCatalogue(ask, {
    onEvents: bell.onEvents,
    // The jobs are stored with the steps.
    onDue: () => {},
    [Symbol.asyncDispose]: () => {
      closed ??= connections[Symbol.asyncDispose]();
      return closed;
    },
  });
  return { catalogue, connections, ring: () => bell.ring() };
}
