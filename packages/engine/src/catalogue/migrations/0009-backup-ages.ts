import { type QueryExecutorProvider, type SchemaModule, sql } from 'kysely';

/**
 * Keeps when a backup was made beside what its request says. Recorded backups get the earlier of the request's time and
 * the newest object's, until their next sync reads the time of their format.
 */
async function up(schema: SchemaModule, database: QueryExecutorProvider): Promise<void> {
  await schema.alterTable('backups').renameColumn('taken_at_s', 'protected_at_s').execute();
  await schema
    .alterTable('backups')
    .addColumn('taken_at_ms', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
  await schema
    .alterTable('backups')
    .addColumn('taken_at_source', 'text', (column) => column.notNull().defaultTo('request'))
    .execute();
  await schema.alterTable('backups').addColumn('time_contradiction', 'text').execute();
  await sql`update backups set taken_at_ms = protected_at_s * 1000`.execute(database);
  // Requests have whole seconds: one made from the object's time is not earlier than it.
  await sql`update backups set taken_at_ms = newest_object_at_ms, taken_at_source = 'object'
    where newest_object_at_ms >= 0 and newest_object_at_ms < (protected_at_s + 1) * 1000`.execute(database);

  await schema.alterTable('operations').addColumn('time_contradiction', 'text').execute();
  await schema.alterTable('verifications').addColumn('format_time_ms', 'bigint').execute();
  await schema.alterTable('verifications').addColumn('format_time_has_zone', 'integer').execute();
}

export const backupAges = { number: 9, name: 'backup ages', up };
