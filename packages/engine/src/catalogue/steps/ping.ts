import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.ts';

/** Reads something, so that an answer says that the database can be read. */
export async function ping(database: Kysely<Schema>): Promise<void> {
  await database.selectFrom('projects').select('id').limit(1).execute();
}

/**
 * Writes something that means nothing, so that an answer says that the database can be written. It allocates no page, and
 * differs each time: SQLite writes no page that stays as it is.
 */
export async function touch(database: Kysely<Schema>): Promise<void> {
  const { rows } = await sql<{ user_version: number }>`PRAGMA user_version`.execute(database);
  await sql`PRAGMA user_version = ${sql.lit(rows[0]?.user_version === 0 ? 1 : 0)}`.execute(database);
}
