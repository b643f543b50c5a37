import type { Kysely } from 'kysely';

/** Records get the SHA-256 of their volume from a replay, and the digest of the chain that was replayed. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  for (const column of ['volume_sha256', 'volume_chain_digest']) {
    await schema.alterTable('backups').addColumn(column, 'text').execute();
  }
}
