import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import pg from 'pg';
import { embeddedServer } from './embedded-server.ts';
import { freePort, newServerPassword } from './server-place.ts';

/** A PostgreSQL server that already runs. Tests create their databases on it, and drop them. */
const configured = env.BACKUP_SYNC_TEST_DATABASE_URL;

export type TestDatabase = { readonly url: string; readonly name: string } & AsyncDisposable;

/** Whether the server ends with this process. What tests leave on it then does no harm. */
export const isOwnServer = configured === undefined;

/** The address of a database on the server, which is started with the first database that is wanted. */
let started: Promise<string> | null = null;

/**
 * A fresh database on a real PostgreSQL server: empty, or a copy of the database `template`, to which nobody is
 * connected. It is dropped at the end, with all connections to it.
 */
export async function createTestDatabase(template = 'template0'): Promise<TestDatabase> {
  started ??= configured === undefined ? startPostgres().then(({ url }) => url) : Promise.resolve(configured);
  const server = await started;
  const name = `test_${randomBytes(8).toString('hex')}`;
  await run(server, `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    name,
    [Symbol.asyncDispose]: () => run(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** Runs one statement on the database at this address. */
export async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Starts a server, which ends with this process at the latest. `url` is that of its superuser. */
export async function startPostgres(isSynced = false): Promise<{ readonly url: string } & AsyncDisposable> {
  const port = await freePort();
  const databaseDirectory = join(tmpdir(), `backup-sync-postgres-${process.pid}-${port}`);
  const password = newServerPassword();
  const { url, initialise, start, stop } = embeddedServer({ databaseDirectory, port, password, isSynced });
  await initialise();
  await start();
  return { url, [Symbol.asyncDispose]: stop };
}
