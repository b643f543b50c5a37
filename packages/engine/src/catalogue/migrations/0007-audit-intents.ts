import type { SchemaModule } from 'kysely';

async function up(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('audit_intents')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('call', 'text', (column) => column.notNull())
    .execute();
}

export const auditIntents = { number: 7, name: 'audit intents', up };
