import { type Kysely, type SchemaModule, sql } from 'kysely';

/**
 * A run waits for its imports and counts the backups in error. Records get the source and the run that imported them.
 */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database;
  await schema.alterTable('operations').addColumn('listed_at_ms', 'bigint').execute();
  await schema.alterTable('operations').addColumn('image_path', 'text').execute();
  await schema.alterTable('backups').addColumn('source_id', 'text').execute();
  await schema.alterTable('backups').addColumn('checkpoint_id', 'text').execute();
  await schema
    .alterTable('sources')
    .addColumn('incomplete_after_s', 'bigint', (column) => column.notNull().defaultTo(24 * 60 * 60))
    .execute();
  for (const column of ['problem_path', 'problem_code', 'problem_detail']) {
    await schema.alterTable('scan_findings').addColumn(column, 'text').execute();
  }
  await schema
    .createTable('joined_imports')
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('operation_id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('joined_imports_key', ['run_id', 'operation_id'])
    .execute();
  await schema.createIndex('joined_imports_by_operation').on('joined_imports').column('operation_id').execute();
  await createIndexes(schema);
  await sql`update backups set source_id = (
      select min(member.source_id) from source_members as member join sources on sources.id = member.source_id
      where sources.project_id = backups.project_id and sources.storage_unit_id = backups.storage_unit_id
        and sources.bucket_name = backups.bucket_name and member.image_path = backups.image_path
        and member.backup_id = backups.backup_id
    )`.execute(database);
}

async function createIndexes(schema: SchemaModule): Promise<void> {
  await schema
    .createIndex('operations_by_parent')
    .on('operations')
    .columns(['parent_operation_id', 'kind', 'backup_id', 'sequence'])
    .where(sql.ref('parent_operation_id'), 'is not', null)
    .execute();
  await schema
    .createIndex('operations_unfinished_of_parent')
    .on('operations')
    .columns(['parent_operation_id', 'kind'])
    .where(sql.ref('ended_at_ms'), 'is', null)
    .execute();
  await schema
    .createIndex('operations_by_source')
    .on('operations')
    .columns(['source_id', 'sequence'])
    .where(sql.ref('source_id'), 'is not', null)
    .execute();
  await schema
    .createIndex('operations_unfinished_by_deadline')
    .on('operations')
    .column('deadline_at_ms')
    .where(sql.ref('ended_at_ms'), 'is', null)
    .where(sql.ref('listed_at_ms'), 'is not', null)
    .execute();
  await schema
    .createIndex('source_members_by_backup')
    .on('source_members')
    .columns(['backup_id', 'image_path'])
    .execute();
  await schema
    .createIndex('backups_of_source')
    .on('backups')
    .column('source_id')
    .where(sql.ref('source_id'), 'is not', null)
    .execute();
  await schema
    .createIndex('backups_by_checkpoint')
    .on('backups')
    .columns(['project_id', 'checkpoint_id', 'created_at_ms desc', 'backup_id'])
    .where(sql.ref('forgotten_at_ms'), 'is', null)
    .execute();
  await schema
    .createIndex('scan_findings_with_problem')
    .on('scan_findings')
    .columns(['operation_id', 'problem_path'])
    .where(sql.ref('problem_path'), 'is not', null)
    .execute();
}
