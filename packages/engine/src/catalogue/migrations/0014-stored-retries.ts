import { type Kysely, sql } from 'kysely';

/** Operations store their lane and their retries, and the outages of buckets survive a restart. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  const columns = {
    interactive_for: 'text',
    first_failure_at_ms: 'bigint',
    not_before_ms: 'bigint',
    waiting_reason: 'text',
  } as const;
  for (const [column, type] of Object.entries(columns)) {
    await schema.alterTable('operations').addColumn(column, type).execute();
  }
  await schema
    .alterTable('operations')
    .addColumn('waiting_detail', 'text', (column) => column.notNull().defaultTo(''))
    .execute();
  await schema
    .alterTable('operations')
    .addColumn('attempts', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  // At most 50 for each caller.
  await schema
    .createIndex('operations_unfinished_interactive')
    .on('operations')
    .column('interactive_for')
    .where(sql.ref('ended_at_ms'), 'is', null)
    .where(sql.ref('interactive_for'), 'is not', null)
    .execute();
  await schema
    .createIndex('operations_unfinished_retries')
    .on('operations')
    .columns(['storage_unit_id', 'bucket_name'])
    .where(sql.ref('not_before_ms'), 'is not', null)
    .execute();
  await schema
    .createTable('bucket_outages')
    .addColumn('storage_unit_id', 'text', (column) => column.notNull())
    .addColumn('bucket_name', 'text', (column) => column.notNull())
    .addColumn('reason_code', 'text', (column) => column.notNull())
    .addColumn('reason_detail', 'text', (column) => column.notNull())
    .addColumn('began_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('not_before_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('bucket_outages_key', ['storage_unit_id', 'bucket_name'])
    .execute();
}
