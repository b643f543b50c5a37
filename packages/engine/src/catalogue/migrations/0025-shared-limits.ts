import type { Kysely } from 'kysely';

/** Counts against limits that hold over all nodes. A catalogue of one process leaves these tables empty. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  // The columns that rate-limiter-flexible expects, in this order.
  await schema
    .createTable('guess_limits')
    .addColumn('key', 'text', (column) => column.notNull().primaryKey())
    .addColumn('points', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('expire', 'integer')
    .execute();
  await schema
    .createTable('call_limits')
    .addColumn('key', 'text', (column) => column.notNull().primaryKey())
    .addColumn('paid_at_ms', 'real', (column) => column.notNull())
    .addColumn('made', 'integer', (column) => column.notNull())
    .addColumn('admitted', 'integer', (column) => column.notNull())
    .execute();
}
