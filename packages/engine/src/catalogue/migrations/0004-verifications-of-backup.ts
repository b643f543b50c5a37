import { type Kysely, sql } from 'kysely';

/**
 * Sources ask for each backup whether a verification of it was tried since a given time. Verifications are few among
 * all operations.
 */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createIndex('operations_verifications_of_backup')
    .on('operations')
    .columns(['project_id', 'backup_id', 'created_at_ms'])
    .where(sql.ref('kind'), '=', sql.lit('verify'))
    .execute();
}
