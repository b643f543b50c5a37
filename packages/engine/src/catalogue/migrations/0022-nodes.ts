import { type Kysely, sql } from 'kysely';

/** The processes that share the database, each the owner of the leases under its id. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('nodes')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('host_name', 'text', (column) => column.notNull())
    .addColumn('pid', 'integer', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('serves', 'integer', (column) => column.notNull())
    .addColumn('works', 'integer', (column) => column.notNull())
    .addColumn('started_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('heartbeat_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('clock_ahead_ms', 'bigint', (column) => column.notNull())
    .addColumn('jobs', 'integer', (column) => column.notNull())
    .execute();
  // Only running operations have a lease.
  await schema
    .createIndex('operations_by_lease')
    .on('operations')
    .column('lease_owner')
    .where(sql.ref('lease_owner'), 'is not', null)
    .execute();
}
