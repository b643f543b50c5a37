import type { Catalogue } from '../catalogue/catalogue.ts';
import { parseDatabaseAddress } from '../catalogue/postgres/database-address.ts';
import { migratePostgres } from '../catalogue/postgres/migrate-postgres.ts';
import { numberEvents } from '../catalogue/postgres/number-events.ts';
import { openPostgresCatalogue } from '../catalogue/postgres/open-postgres-catalogue.ts';
import { migrateDatabase } from '../migrate-database.ts';
import { createTestDatabase, isOwnServer, type TestDatabase } from './test-database.ts';

/**
 * Opens a catalogue in a fresh PostgreSQL database, which is dropped with it. No jobs are stored. Events have their
 * numbers whenever they are read.
 */
export async function openTestPostgresCatalogue(): Promise<Catalogue> {
  const { url, drop } = await createMigratedDatabase(false);
  const { catalogue, connections, ring } = openPostgresCatalogue({ url, storeJobs: async () => {} });
  let numbered: Promise<void> = Promise.resolve();
  // One after the other: a call that meets another numbers nothing.
  const number = () => {
    numbered = numbered
      .catch(() => {})
      .then(async () => {
        while (await numberEvents(connections.database)) {}
      });
    return numbered;
  };
  const numbering = setInterval(() => void number().then(ring, () => {}), 50);
  return {
    ...catalogue,
    events: {
      newestCursor: async (...input) => {
        await number();
        return await catalogue.events.newestCursor(...input);
      },
      listEvents: async (...input) => {
        await number();
        return await catalogue.events.listEvents(...input);
      },
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(numbering);
      await catalogue[Symbol.asyncDispose]();
      await drop();
    },
  };
}

/** The databases that are copied. Migrating each would take as long as most tests. */
const templates = new Map<boolean, Promise<string>>();

/** A fresh database with the newest schema, and with the queue of jobs unless a test needs none. */
export async function createMigratedDatabase(
  hasQueue = true,
): Promise<{ readonly url: string; readonly drop: () => Promise<void> } & AsyncDisposable> {
  const database = isOwnServer ? await createTestDatabase(await templateOf(hasQueue)) : await migrated(hasQueue);
  const drop = async () => await database[Symbol.asyncDispose]();
  return { url: database.url, drop, [Symbol.asyncDispose]: drop };
}

function templateOf(hasQueue: boolean): Promise<string> {
  const template = templates.get(hasQueue) ?? migrated(hasQueue).then(({ name }) => name);
  templates.set(hasQueue, template);
  return template;
}

async function migrated(hasQueue: boolean): Promise<TestDatabase> {
  const database = await createTestDatabase();
  const address = parseDatabaseAddress(database.url, 'the test');
  await (hasQueue ? migrateDatabase(address) : migratePostgres(address));
  return database;
}
