import { type Kysely, type QueryExecutorProvider, type SchemaModule, sql } from 'kysely';

export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database;
  await schema.alterTable('users').addColumn('disabled_at_ms', 'bigint').execute();
  await createBucketGrants(schema, database);
  await createAccessKeys(schema);
  await createAudit(schema);
}

/** Replaces `bucket_bindings`, which supported neither folders nor the projects of an external identity. */
async function createBucketGrants(schema: SchemaModule, database: QueryExecutorProvider): Promise<void> {
  await schema
    .createTable('bucket_grants')
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('storage_unit_id', 'text', (column) => column.notNull())
    .addColumn('bucket_name', 'text', (column) => column.notNull())
    .addColumn('prefix', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('bucket_grants_key', ['project_id', 'storage_unit_id', 'bucket_name', 'prefix'])
    .execute();
  await sql`insert into bucket_grants (project_id, storage_unit_id, bucket_name, prefix)
    select project_id, storage_unit_id, bucket_name, '' from bucket_bindings`.execute(database);
  await schema.dropTable('bucket_bindings').execute();
}

async function createAccessKeys(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('access_keys')
    .addColumn('access_key', 'text', (column) => column.primaryKey().notNull())
    .addColumn('user_id', 'text', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id').onDelete('cascade'))
    .addColumn('sealed_secret', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('disabled_at_ms', 'bigint')
    .execute();
}

async function createAudit(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('audit_events')
    // UUIDv7, which sort by time; ids of one process sort in the order in which they were made.
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('actor_kind', 'text', (column) => column.notNull())
    .addColumn('actor_name', 'text', (column) => column.notNull())
    .addColumn('operation', 'text', (column) => column.notNull())
    .addColumn('door', 'text', (column) => column.notNull())
    .addColumn('address', 'text')
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('error_code', 'text')
    .addColumn('request_id', 'text', (column) => column.notNull())
    .execute();
  await schema
    .createTable('audit_subjects')
    .addColumn('event_id', 'text', (column) => column.notNull().references('audit_events.id'))
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('field', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('audit_subjects_key', ['event_id', 'position'])
    .execute();
  await schema.createIndex('audit_subjects_by_value').on('audit_subjects').columns(['value', 'event_id']).execute();
  await schema.createIndex('audit_events_by_actor').on('audit_events').columns(['actor_name', 'id']).execute();
}
