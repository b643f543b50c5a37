import { randomBytes } from 'node:crypto';
import { parseDatabaseAddress } from '../../packages/engine/src/catalogue/postgres/database-address.ts';
import { migrateDatabase } from '../../packages/engine/src/migrate-database.ts';
import { run } from '../../packages/engine/src/testing/test-database.ts';

/** Creates a migrated database on a server, and returns its address. */
export async function createDatabase(server: string): Promise<string> {
  const name = `bench_${randomBytes(8).toString('hex')}`;
  await run(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  await migrateDatabase(parseDatabaseAddress(url.href, 'the database of the benchmark'));
  return url.href;
}

/** The catalogue in a new database on a server, with a new key. */
export async function createPostgresCatalogue(server: string) {
  return {
    BACKUP_SYNC_DATABASE_URL: await createDatabase(server),
    BACKUP_SYNC_SECRET_KEY: randomBytes(32).toString('base64'),
  };
}
