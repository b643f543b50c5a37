import { type Kysely, sql } from 'kysely';

/**
 * One index finds the unfinished operations of a backup and refuses a second import of the same item, where two did so
 * before. Other kinds of operations have no digest, and nulls are never equal. Their requests are left out, because they
 * can be longer than PostgreSQL allows in an index.
 */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database.withTables<{ operations: { ended_at_ms: number | null } }>();
  await schema.dropIndex('operations_unfinished_same').execute();
  await schema.dropIndex('operations_unfinished_of_backup').execute();
  await schema
    .createIndex('operations_unfinished_of_backup')
    .unique()
    .on('operations')
    .columns(['project_id', 'backup_id', 'storage_unit_id', 'item_digest'])
    .expression(sql`(CASE WHEN item_digest IS NOT NULL THEN task END)`)
    .where(sql.ref('ended_at_ms'), 'is', null)
    .execute();
}
