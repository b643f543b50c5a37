import type { Kysely } from 'kysely';

/** Stores the resources that expect no newer backup. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('retired_resources')
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('resource_id', 'text', (column) => column.notNull())
    .addColumn('retired_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('newest_taken_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('retired_resources_key', ['project_id', 'resource_id'])
    .execute();
}
