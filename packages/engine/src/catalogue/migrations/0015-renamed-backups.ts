import type { Kysely } from 'kysely';

/** People can rename a backup; the name of its sync requests is kept beside theirs. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable('backups').addColumn('requested_name', 'text').execute();
}
