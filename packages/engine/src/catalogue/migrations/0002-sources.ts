import type { Kysely, SchemaModule } from 'kysely';

export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createIndex('backups_by_place')
    .on('backups')
    .columns(['project_id', 'storage_unit_id', 'bucket_name', 'image_path'])
    .execute();
  await schema.alterTable('operations').addColumn('source_id', 'text').execute();
  await schema.alterTable('operations').addColumn('proofs_not_before_ms', 'bigint').execute();
  await createSources(schema);
  await createSourceMembers(schema);
}

async function createSources(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('sources')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('storage_unit_id', 'text', (column) => column.notNull())
    .addColumn('bucket_name', 'text', (column) => column.notNull())
    .addColumn('prefix', 'text', (column) => column.notNull())
    .addColumn('format', 'text')
    .addColumn('path_template', 'text')
    .addColumn('level', 'text', (column) => column.notNull())
    .addColumn('interval_s', 'bigint')
    .addColumn('reverify_after_s', 'bigint')
    .addColumn('removal_share', 'real', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('updated_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('paused_at_ms', 'bigint')
    .addColumn('held_at_ms', 'bigint')
    .addColumn('held_cause', 'text')
    .addColumn('next_run_at_ms', 'bigint')
    .addColumn('last_run_id', 'text')
    .addColumn('unsettled_run_id', 'text')
    .addColumn('last_good_sync_at_ms', 'bigint')
    .addUniqueConstraint('sources_by_name', ['project_id', 'name'])
    .execute();
}

async function createSourceMembers(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('source_members')
    .addColumn('source_id', 'text', (column) => column.notNull().references('sources.id').onDelete('cascade'))
    .addColumn('image_path', 'text', (column) => column.notNull())
    .addColumn('backup_id', 'text', (column) => column.notNull())
    .addColumn('seen_run_id', 'text', (column) => column.notNull())
    .addColumn('absent_run_id', 'text')
    .addColumn('absent_runs', 'integer', (column) => column.notNull())
    .addColumn('held', 'integer', (column) => column.notNull())
    .addColumn('import_operation_id', 'text')
    .addPrimaryKeyConstraint('source_members_key', ['source_id', 'image_path'])
    .execute();
}
