import type { Kysely } from 'kysely';

/** Records keep the SHA-256 of their volume, as a replay gave it, and of which chain. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  for (const column of ['volume_sha256', 'volume_chain_digest']) {
    await schema.alterTable('backups').addColumn(column, 'text').execute();
  }
}
