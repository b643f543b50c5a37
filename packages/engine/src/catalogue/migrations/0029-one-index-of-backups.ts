import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/**
 * One index finds the unfinished operations of a backup and refuses a second import of the same item, where two did so
 * before. Other kinds of operations have no digest, and nulls are never equal.
 */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database.withTables<{ operations: { ended_at_ms: number | null } }>();
  await schema.dropIndex('operations_unfinished_same').execute();
  await schema.dropIndex('operations_unfinished_of_backup').execute();
  await schema
    .createIndex('operations_unfinished_of_backup')
    .unique()
    .on('operations')
    .columns(['project_id', 'backup_id', 'storage_unit_id', 'item_digest', 'task'])
    .where(sql.ref('ended_at_ms'), 'is', null)
    .execute();
}
