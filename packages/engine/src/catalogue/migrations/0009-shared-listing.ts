import type { Kysely } from 'kysely';

/** Records get the listing of the objects that backups share. Records without it are examined once more. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable('backups').addColumn('shared_listing', 'text').execute();
}
