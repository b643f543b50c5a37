import { join } from 'node:path';
import { startPostgres } from '../../packages/engine/src/testing/test-database.ts';
import type { StandIn } from './stand-in.ts';

/**
 * A PostgreSQL server. The pages log in to it as its superuser without a password, and run SQL with `psql --quiet`, which
 * not every machine has.
 */
export async function startDatabase(): Promise<StandIn> {
  const server = await startPostgres();
  const { host, password } = new URL(server.url);
  return {
    endpoint: host,
    replaced: new Map([['psql --quiet', `'${process.execPath}' '${join(import.meta.dirname, 'run-sql.ts')}'`]]),
    environment: { PGPASSWORD: password },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
