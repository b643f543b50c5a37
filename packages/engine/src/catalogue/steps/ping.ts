import type { Kysely } from 'kysely';
import { differencesOf } from '../differences.ts';
import type { Schema } from '../schema.ts';

/** Reads one row, which shows that the database can be read. */
export async function ping(database: Kysely<Schema>): Promise<void> {
  await database.selectFrom('projects').select('id').limit(1).execute();
}

/** Writes a meaningless value, which shows that the database can be written. */
export async function touch(database: Kysely<Schema>): Promise<void> {
  await differencesOf(database).touch(database);
}
