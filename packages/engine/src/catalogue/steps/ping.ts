import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.ts';

/** Reads one row, which shows that the database can be read. */
export async function ping(database: Kysely<Schema>): Promise<void> {
  await database.selectFrom('projects').select('id').limit(1).execute();
}

/**
 * Writes a meaningless value, which shows that the database can be written. It allocates no page, and the value changes
 * each time, because SQLite does not write a page whose bytes stay the same.
 */
export async function touch(database: Kysely<Schema>): Promise<void> {
  const { rows } = await sql<{ user_version: number }>`PRAGMA user_version`.execute(database);
  await sql`PRAGMA user_version = ${sql.lit(rows[0]?.user_version === 0 ? 1 : 0)}`.execute(database);
}
