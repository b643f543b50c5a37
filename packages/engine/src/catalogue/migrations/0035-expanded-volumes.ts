import type { Kysely } from 'kysely';

/** Records get the volumes that a replay expanded and could compare with nothing. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable('backups').addColumn('expanded', 'text').execute();
}
