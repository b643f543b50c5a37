import type { Kysely } from 'kysely';

export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('operation_events')
    // Never used again, so that a cursor stays valid when old events are deleted.
    .addColumn('cursor', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('operation_id', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .execute();
}
