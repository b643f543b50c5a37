import { type Kysely, sql } from 'kysely';

/**
 * The index of a backup's unfinished operations no longer has the requests of other operations than imports. They can
 * be longer than PostgreSQL allows in an index, and then such an operation could not be added.
 */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database.withTables<{ operations: { ended_at_ms: number | null } }>();
  await schema.dropIndex('operations_unfinished_of_backup').execute();
  await schema
    .createIndex('operations_unfinished_of_backup')
    .unique()
    .on('operations')
    .columns(['project_id', 'backup_id', 'storage_unit_id', 'item_digest'])
    // Only imports have a digest.
    .expression(sql`(CASE WHEN item_digest IS NOT NULL THEN task END)`)
    .where(sql.ref('ended_at_ms'), 'is', null)
    .execute();
}
