import type { Kysely, SchemaModule } from 'kysely';

/** Hooks, and for each the newest event about each subject. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await createHooks(schema);
  await createHookEvents(schema);
}

async function createHooks(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('hooks')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('events', 'text', (column) => column.notNull())
    .addColumn('newest_older_than_s', 'integer')
    .addColumn('level', 'text', (column) => column.notNull())
    .addColumn('source_older_than_s', 'integer')
    .addColumn('sealed_secret', 'text', (column) => column.notNull())
    .addColumn('sealed_private_key', 'text')
    .addColumn('public_key', 'text')
    .addColumn('previous_sealed_secret', 'text')
    .addColumn('previous_sealed_private_key', 'text')
    .addColumn('previous_until_ms', 'bigint')
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('paused_at_ms', 'bigint')
    .addColumn('gone_at_ms', 'bigint')
    .addColumn('cursor', 'bigint', (column) => column.notNull())
    .addColumn('last_try_at_ms', 'bigint')
    .addColumn('last_try_delivered', 'integer')
    .addColumn('last_answer', 'text')
    .execute();
  await schema.createIndex('hooks_by_name').unique().on('hooks').columns(['project_id', 'name']).execute();
}

async function createHookEvents(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('hook_events')
    .addColumn('hook_id', 'text', (column) => column.notNull().references('hooks.id').onDelete('cascade'))
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('subject_name', 'text')
    .addColumn('is_open', 'integer', (column) => column.notNull())
    .addColumn('since_ms', 'bigint', (column) => column.notNull())
    .addColumn('seen_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('changed_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('message_id', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('tries', 'integer', (column) => column.notNull())
    .addColumn('not_before_ms', 'bigint')
    .addColumn('claimed_until_ms', 'bigint')
    .addColumn('last_answer', 'text')
    .addPrimaryKeyConstraint('hook_events_key', ['hook_id', 'kind', 'subject'])
    .execute();
  await schema
    .createIndex('hook_events_by_status')
    .on('hook_events')
    .columns(['hook_id', 'status', 'changed_at_ms'])
    .execute();
  await schema.createIndex('hook_events_by_message').unique().on('hook_events').column('message_id').execute();
}
