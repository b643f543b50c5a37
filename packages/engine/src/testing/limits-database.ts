import type { Pool } from 'pg';
import { openConnectionPool } from '../catalogue/postgres/connection-pool.ts';
import { PostgresCallCounts, type SharedCallCounts } from '../shared-limits/shared-call-counts.ts';
import { createMigratedDatabase } from './postgres-catalogue.ts';

/** A PostgreSQL database for shared limits. */
type LimitsDatabase = AsyncDisposable & {
  /** Opens the connections of one more node. */
  readonly connect: () => Pool;
  /** Opens the counts of calls of a node with these connections. */
  readonly callCounts: (pool: Pool) => SharedCallCounts;
};

export async function openLimitsDatabase(): Promise<LimitsDatabase> {
  const { url, drop } = await createMigratedDatabase();
  const pools: Pool[] = [];
  return {
    connect: () => {
      const { pool } = openConnectionPool(url, 4);
      pools.push(pool);
      return pool;
    },
    callCounts: (pool) => new PostgresCallCounts(pool),
    async [Symbol.asyncDispose]() {
      for (const pool of pools) if (!pool.ended) await pool.end();
      await drop();
    },
  };
}
