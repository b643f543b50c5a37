import type { Kysely } from 'kysely';

export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('audit_intents')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('call', 'text', (column) => column.notNull())
    .execute();
}
