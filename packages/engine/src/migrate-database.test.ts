import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { newestSchema } from './catalogue/migrate.ts';
import { parseDatabaseAddress } from './catalogue/postgres/database-address.ts';
import { migrateDatabase } from './migrate-database.ts';
import { openDatabaseProxy } from './testing/database-proxy.ts';
import { createTestDatabase, run } from './testing/test-database.ts';

const migrateAt = (url: string) => migrateDatabase(parseDatabaseAddress(url, 'the test'));

test('a user without the rights to migrate gets the message of the database', async () => {
  await using database = await createTestDatabase();
  const user = `user_${randomBytes(4).toString('hex')}`;
  await run(database.url, `CREATE USER ${user} PASSWORD 'pw'`);
  const asUser = new URL(database.url);
  asUser.username = user;
  asUser.password = 'pw';
  await expect(migrateAt(asUser.href)).rejects.toMatchObject({
    name: 'DatabaseError',
    message: `The database ${asUser.host}${asUser.pathname} cannot be migrated: permission denied for schema public. Migrate it as the owner of the database.`,
  });
  await run(database.url, `DROP OWNED BY ${user}; DROP USER ${user}`);
});

test('several processes can migrate at once, and one that loses the database says so', async () => {
  await using database = await createTestDatabase();
  const migrated = await Promise.all([1, 2, 3].map(() => migrateAt(database.url)));
  expect(migrated.map(({ from }) => from).toSorted((one, other) => one - other)).toEqual([
    0,
    newestSchema,
    newestSchema,
  ]);
  await using network = await openDatabaseProxy(database.url);
  // One connection checks the server, one migrates the catalogue, and others the queue.
  for (const connections of [1, 2]) {
    network.refuseAfter(connections);
    await expect(migrateAt(network.url)).rejects.toMatchObject({
      name: 'DatabaseError',
      message: expect.stringMatching(/ cannot be migrated: .+ECONNRESET.+\. Run the same command again/),
    });
  }
});
