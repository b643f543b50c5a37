import type { SchemaModule } from 'kysely';

/** Resources of which nobody expects a newer backup. */
async function up(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('retired_resources')
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('resource_id', 'text', (column) => column.notNull())
    .addColumn('retired_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('newest_taken_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('retired_resources_key', ['project_id', 'resource_id'])
    .execute();
}

export const retiredResources = { number: 16, name: 'retired-resources', up };
