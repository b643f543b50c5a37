import { availableParallelism, cpus, totalmem } from 'node:os';
import { openConnectionPool } from '../../packages/engine/src/catalogue/postgres/connection-pool.ts';
import { startPostgres } from '../../packages/engine/src/testing/test-database.ts';

/** Where figures were measured. */
export type Machine = {
  /** Model of the CPU. */
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** Version of Node. */
  readonly node: string;
  /** Version of the PostgreSQL server that benchmarks start. */
  readonly postgres: string;
};

/** Describes this machine. Starts a PostgreSQL server to ask for its version. */
export async function describeMachine(): Promise<Machine> {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    node: process.versions.node,
    postgres: await postgresVersion(),
  };
}

async function postgresVersion(): Promise<string> {
  await using server = await startPostgres();
  await using connection = openConnectionPool(server.url, 1);
  const { rows } = await connection.pool.query<{ server_version: string }>('show server_version');
  return rows[0]?.server_version ?? 'unknown';
}
