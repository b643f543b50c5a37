import { type Kysely, sql } from 'kysely';

/**
 * Old operations are removed. The operations that records were last changed by stay, and are found by an index. Those
 * that are removed stay counted by the day of their end. Those that stay without their findings say so.
 */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('removed_operations')
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('day', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('operations', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('removed_operations_key', ['project_id', 'kind', 'day', 'status'])
    .execute();
  await schema.alterTable('operations').addColumn('findings_removed_at_ms', 'bigint').execute();
  await schema
    .createIndex('backups_by_last_operation')
    .on('backups')
    .column('last_operation_id')
    .where(sql.ref('forgotten_at_ms'), 'is', null)
    .execute();
}
