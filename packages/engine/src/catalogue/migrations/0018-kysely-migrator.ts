import type { Kysely } from 'kysely';

/**
 * From here on, Kysely's Migrator records the migrations, in a table that earlier releases do not know. Earlier
 * releases read only `schema_migrations`. Its one row tells them that a newer release wrote the catalogue, so they do
 * not open it.
 */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database;
  await schema.dropTable('schema_migrations').ifExists().execute();
  await schema
    .createTable('schema_migrations')
    .addColumn('number', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .execute();
  await database
    .withTables<{ schema_migrations: { number: number; name: string } }>()
    .insertInto('schema_migrations')
    .values({ number: 18, name: 'see kysely_migration' })
    .execute();
}
