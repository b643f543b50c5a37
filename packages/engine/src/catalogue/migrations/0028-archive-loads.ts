import type { Kysely } from 'kysely';

/** Records which archive a database is loaded from, and how far. It has one row at most. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('archive_loads')
    // Always 1.
    .addColumn('only', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('archive_id', 'text', (column) => column.notNull())
    .addColumn('table_number', 'bigint', (column) => column.notNull())
    .addColumn('row_count', 'bigint', (column) => column.notNull())
    .addColumn('begun_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('finished_at_ms', 'bigint')
    .execute();
}
