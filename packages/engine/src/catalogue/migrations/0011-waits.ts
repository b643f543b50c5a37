import { type Kysely, sql } from 'kysely';

/** Imports can wait for the import of another backup. Such imports are few, and looked up whenever an import ends. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable('operations').addColumn('waits_for_backup_id', 'text').execute();
  await schema
    .createIndex('operations_unfinished_waits')
    .on('operations')
    .columns(['project_id', 'waits_for_backup_id'])
    .where(sql.ref('waits_for_backup_id'), 'is not', null)
    .execute();
}
