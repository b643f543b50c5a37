import type { Kysely } from 'kysely';

/** Operations count how often in a row their worker has died, so that one that kills its workers ends. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .alterTable('operations')
    .addColumn('takeovers', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
}
