import type { Kysely } from 'kysely';

/** Several nodes, and two adjacent releases, can use one database. */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database;
  await schema
    .createTable('pending_events')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('operation_id', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('noted_at_ms', 'bigint', (column) => column.notNull())
    .execute();
  await schema
    .createTable('schema_version')
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('oldest_compatible', 'integer', (column) => column.notNull())
    .addColumn('touches', 'bigint', (column) => column.notNull())
    .execute();
  await database
    .withTables<{ schema_version: { version: number; oldest_compatible: number; touches: number } }>()
    .insertInto('schema_version')
    .values({ version: 21, oldest_compatible: 21, touches: 0 })
    .execute();
}
