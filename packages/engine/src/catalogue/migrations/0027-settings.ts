import type { Kysely } from 'kysely';

/** Facts that all nodes must agree on. A catalogue of one process keeps them in files of its data directory. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('settings')
    .addColumn('name', 'text', (column) => column.notNull().primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();
}
