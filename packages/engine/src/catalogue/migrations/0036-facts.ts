import type { Kysely } from 'kysely';

/** Records get what reading them has shown although no level says it. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable('backups').addColumn('facts', 'text').execute();
}
