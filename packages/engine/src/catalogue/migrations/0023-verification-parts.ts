import type { Kysely } from 'kysely';

/** Verifications are split into parts, so that several nodes can read one, and a part that is read stays read. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('verification_parts')
    .addColumn('operation_id', 'text', (column) => column.notNull())
    .addColumn('backup_id', 'text', (column) => column.notNull())
    .addColumn('first_object', 'integer', (column) => column.notNull())
    .addColumn('object_count', 'integer')
    .addColumn('link', 'integer', (column) => column.notNull())
    .addColumn('listing_digest', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('lease_owner', 'text')
    .addColumn('epoch', 'integer', (column) => column.notNull())
    .addColumn('saves', 'integer', (column) => column.notNull())
    .addColumn('proved_objects', 'integer', (column) => column.notNull())
    .addColumn('stored_bytes', 'bigint', (column) => column.notNull())
    .addColumn('plain_bytes', 'bigint', (column) => column.notNull())
    .addColumn('fault_code', 'text')
    .addColumn('fault_detail', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('verification_parts_key', ['operation_id', 'backup_id', 'first_object'])
    .execute();
  await schema
    .createIndex('verification_parts_in_order')
    .on('verification_parts')
    .columns(['operation_id', 'link', 'first_object'])
    .execute();
  await schema.createIndex('verification_parts_by_lease').on('verification_parts').column('lease_owner').execute();
}
