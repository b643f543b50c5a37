import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';

/** Reads something, so that an answer says that the database can be read. */
export async function ping(database: Kysely<Schema>): Promise<void> {
  await database.selectFrom('projects').select('id').limit(1).execute();
}
