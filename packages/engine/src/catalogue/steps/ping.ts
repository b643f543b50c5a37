import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.ts';

/** Reads something, so that an answer says that the database can be read. */
export async function ping(database: Kysely<Schema>): Promise<void> {
  await database.selectFrom('projects').select('id').limit(1).execute();
}

/**
 * Writes a value that means nothing, to show that the database can be written. It allocates no page, and changes each
 * time: SQLite skips a page whose bytes stay the same.
 */
export async function touch(database: Kysely<Schema>): Promise<void> {
  const { rows } = await sql<{ user_version: number }>`PRAGMA user_version`.execute(database);
  await sql`PRAGMA user_version = ${sql.lit(rows[0]?.user_version === 0 ? 1 : 0)}`.execute(database);
}
