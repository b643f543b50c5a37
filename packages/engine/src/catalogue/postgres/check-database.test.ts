import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { expect, test } from 'vitest';
import { createMigratedDatabase } from '../../testing/postgres-catalogue.ts';
import { createTestDatabase, run } from '../../testing/test-database.ts';
import { startTransactionPooler } from '../../testing/transaction-pooler.ts';
import { newestSchema } from '../migrate.ts';
import { checkDatabase, checkDatabaseToLoad, checkQueue, serverProblem } from './check-database.ts';
import { parseDatabaseAddress } from './database-address.ts';
import { migratePostgres } from './migrate-postgres.ts';

const at = (url: string) => parseDatabaseAddress(url, 'BACKUP_SYNC_DATABASE_URL');

test('an address that is none is refused without its credentials', () => {
  const urls = ['mysql://root:hunter2@db/x', 'postgres://ada:hunter2@db', 'postgres://ada:hunter2@db:port/x%'];
  // A password with a "/", which has to be written as %2F.
  for (const url of [...urls, 'postgres://ada:12/hunter2@db/x']) {
    let message = '';
    try {
      at(url);
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('BACKUP_SYNC_DATABASE_URL');
    expect(message).not.toContain('hunter2');
  }
  expect(at('postgres://ada:hunter2@db.example.com:5433/backups?sslmode=require').shown).toBe(
    'db.example.com:5433/backups',
  );
});

test('TLS is never without a check of the certificate, and a certificate that cannot be read is named', () => {
  const tlsOf = (mode: string) => new pg.Client({ connectionString: at(`postgres://ada@db/x?${mode}`).url }).ssl;
  const modes = ['prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'].map((mode) => `sslmode=${mode}`);
  for (const mode of [...modes, 'ssl=no-verify', 'sslmode=require&uselibpqcompat=true']) {
    expect([mode, tlsOf(mode)]).toEqual([mode, {}]);
  }
  expect(() => at('postgres://ada:hunter2@db/x?sslrootcert=/nowhere.pem')).toThrow(
    'BACKUP_SYNC_DATABASE_URL names the file /nowhere.pem, which cannot be read (ENOENT).',
  );
});

test('a database that does not answer, does not exist or refuses the login is named', async () => {
  await using database = await createTestDatabase();
  const url = new URL(database.url);
  const { host } = url;
  url.port = '1';
  await expect(checkDatabase(at(url.href))).rejects.toThrow(/^The database 127\.0\.0\.1:1\/\w+ cannot be reached: /);
  url.host = host;
  url.pathname = '/nowhere';
  await expect(checkDatabase(at(url.href))).rejects.toThrow(`The database ${host}/nowhere does not exist.`);
  url.password = 'wrong';
  await expect(checkDatabase(at(url.href))).rejects.toThrow(
    `The database ${host}/nowhere refuses the user or the password.`,
  );
});

test('only migrate creates a catalogue, and it fits afterwards', async () => {
  await using database = await createTestDatabase();
  await expect(checkDatabase(at(database.url))).rejects.toThrow(
    'has no catalogue. Create it with "backup-sync migrate".',
  );
  expect(await migratePostgres(at(database.url))).toBe(0);
  await checkDatabase(at(database.url));
  expect(await migratePostgres(at(database.url))).toBe(newestSchema);
});

test('a schema that does not fit is refused, and one of the next release is not', async () => {
  const { url, drop } = await createMigratedDatabase();
  await using _ = { [Symbol.asyncDispose]: drop };
  await run(url, `UPDATE schema_version SET version = ${newestSchema + 1}, oldest_compatible = ${newestSchema}`);
  await checkDatabase(at(url));
  await expect(migratePostgres(at(url))).rejects.toThrow(`has schema ${newestSchema + 1}; this release knows`);
  await run(url, `UPDATE schema_version SET oldest_compatible = ${newestSchema + 1}`);
  await expect(checkDatabase(at(url))).rejects.toThrow('Use a newer release.');
  await run(url, `UPDATE schema_version SET version = ${newestSchema - 1}, oldest_compatible = 1`);
  await expect(checkDatabase(at(url))).rejects.toThrow('Upgrade it with "backup-sync migrate"');
});

test('missing rights are named', async () => {
  const { url, drop } = await createMigratedDatabase();
  await using _ = { [Symbol.asyncDispose]: drop };
  const user = `user_${randomBytes(4).toString('hex')}`;
  await run(
    url,
    `CREATE USER ${user} PASSWORD 'pw'; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${user}`,
  );
  const asUser = new URL(url);
  asUser.username = user;
  asUser.password = 'pw';
  // Steps take the numbers of several operations at once.
  await expect(checkDatabase(at(asUser.href))).rejects.toThrow(
    `does not grant its user ${user} what is needed: USAGE on sequence operations_sequence_seq, and`,
  );
  await run(url, `GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${user}`);
  await checkDatabase(at(asUser.href));
  await expect(checkDatabaseToLoad(at(asUser.href))).rejects.toThrow(
    /needed: UPDATE on sequence operations_sequence_seq/,
  );
  await run(url, `REVOKE UPDATE, DELETE ON operations FROM ${user}; REVOKE ALL ON backups FROM ${user}`);
  await expect(checkDatabase(at(asUser.href))).rejects.toThrow(
    `does not grant its user ${user} what is needed: SELECT, INSERT, UPDATE, DELETE on table backups, and 1 more`,
  );
  await expect(checkQueue(at(asUser.href), 'pgboss')).rejects.toThrow(
    `does not grant its user ${user} what is needed: USAGE on schema pgboss. Grant`,
  );
  await run(url, `GRANT USAGE ON SCHEMA pgboss TO ${user}; GRANT SELECT ON ALL TABLES IN SCHEMA pgboss TO ${user}`);
  await expect(checkQueue(at(asUser.href), 'pgboss')).rejects.toThrow(
    /needed: INSERT, UPDATE, DELETE on table pgboss\./,
  );
  await run(url, 'DROP SCHEMA pgboss CASCADE');
  await expect(checkQueue(at(url), 'pgboss')).rejects.toThrow('has no queue. Create it with "backup-sync migrate".');
  await run(url, `DROP OWNED BY ${user}; DROP USER ${user}`);
});

test('a pooler in transaction mode is refused by name', async () => {
  await using database = await createMigratedDatabase();
  await using pooler = await startTransactionPooler(database.url);
  await expect(checkDatabase(at(pooler.url))).rejects.toThrow('is behind a pooler in transaction mode');
  await expect(migratePostgres(at(pooler.url))).rejects.toThrow('is behind a pooler in transaction mode');
});

test('a server that is too old, has another encoding or is a standby is refused by name', () => {
  const server = { version: 150_000, name: '15.0', standby: false, encoding: 'UTF8' };
  expect(serverProblem(server)).toBeNull();
  expect(serverProblem({ ...server, version: 140_012, name: '14.12' })).toBe(
    'is PostgreSQL 14.12; PostgreSQL 15 or later is needed.',
  );
  expect(serverProblem({ ...server, encoding: 'SQL_ASCII' })).toContain('SQL_ASCII; UTF8 is needed');
  expect(serverProblem({ ...server, standby: true })).toContain('is a standby');
});
