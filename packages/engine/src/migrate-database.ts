import { newestSchema } from './catalogue/migrate.ts';
import { type DatabaseAddress, DatabaseError } from './catalogue/postgres/database-address.ts';
import { migratePostgres } from './catalogue/postgres/migrate-postgres.ts';
import { catalogueFault, reasonOf } from './catalogue/postgres/postgres-fault.ts';
import { migratePgBoss } from './queue/pg-boss/pg-boss-schema.ts';

/** PostgreSQL's code for a user without a right. */
const insufficientPrivilege = '42501';

/**
 * Creates the catalogue and the queue in a PostgreSQL database, or brings their schemas up to date. Returns the schema
 * of the catalogue before (0: none) and after. Throws `DatabaseError`.
 */
export async function migrateDatabase(
  address: DatabaseAddress,
): Promise<{ readonly from: number; readonly to: number }> {
  try {
    const from = await migratePostgres(address);
    await migratePgBoss(address.url);
    return { from, to: newestSchema };
  } catch (error) {
    const isOfDatabase = error instanceof Error && ('severity' in error || catalogueFault(error) !== error);
    if (!isOfDatabase) throw error;
    const isRefused = 'code' in error && error.code === insufficientPrivilege;
    const remedy = isRefused
      ? 'Migrate it as the owner of the database'
      : 'Run the same command again once that is fixed';
    throw new DatabaseError(`The database ${address.shown} cannot be migrated: ${reasonOf(error)}. ${remedy}.`, {
      cause: error,
    });
  }
}
