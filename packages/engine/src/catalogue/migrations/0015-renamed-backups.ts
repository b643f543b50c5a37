import type { Kysely } from 'kysely';

/** People can rename a backup; the name from its sync requests is kept along with theirs. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable('backups').addColumn('requested_name', 'text').execute();
}
