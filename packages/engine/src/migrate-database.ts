import { newestSchema } from './catalogue/migrate.ts';
import type { DatabaseAddress } from './catalogue/postgres/database-address.ts';
import { migratePostgres } from './catalogue/postgres/migrate-postgres.ts';
import { migratePgBoss } from './queue/pg-boss/pg-boss-schema.ts';

/**
 * Creates the catalogue and the queue in a PostgreSQL database, or brings their schemas up to date. Returns the schema
 * of the catalogue before (0: none) and after. Throws `DatabaseError`, and the errors of the database.
 */
export async function migrateDatabase(
  address: DatabaseAddress,
): Promise<{ readonly from: number; readonly to: number }> {
  const from = await migratePostgres(address);
  await migratePgBoss(address.url);
  return { from, to: newestSchema };
}
