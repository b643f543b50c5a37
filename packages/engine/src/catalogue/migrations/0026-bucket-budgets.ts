import type { Kysely } from 'kysely';

/** The budgets of buckets that all nodes share. A catalogue of one process leaves this table empty. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('bucket_budgets')
    .addColumn('storage_unit_id', 'text', (column) => column.notNull())
    .addColumn('bucket_name', 'text', (column) => column.notNull())
    .addColumn('next_at_ms', 'real', (column) => column.notNull())
    .addColumn('paused_until_ms', 'real', (column) => column.notNull())
    .addColumn('requests_per_second', 'real', (column) => column.notNull())
    .addColumn('slowdowns', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('bucket_budgets_key', ['storage_unit_id', 'bucket_name'])
    .execute();
}
