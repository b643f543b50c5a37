import { type Kysely, sql } from 'kysely';

/**
 * Cursors count within a project. Otherwise they would reveal to one project how much another does, and a busy project
 * would displace the events of the others. Issued cursors stay unchanged.
 */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database;
  await schema.alterTable('operation_events').renameTo('operation_events_of_all').execute();
  await schema
    .createTable('operation_events')
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('cursor', 'bigint', (column) => column.notNull())
    .addColumn('operation_id', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('operation_events_key', ['project_id', 'cursor'])
    .execute();
  await sql`insert into operation_events (project_id, cursor, operation_id, status, at_ms)
    select project_id, cursor, operation_id, status, at_ms from operation_events_of_all`.execute(database);
  await schema.dropTable('operation_events_of_all').execute();
}
