import type { SchemaModule } from 'kysely';

/** Records keep the SHA-256 of their volume, as a replay gave it, and of which chain. */
async function up(schema: SchemaModule): Promise<void> {
  for (const column of ['volume_sha256', 'volume_chain_digest']) {
    await schema.alterTable('backups').addColumn(column, 'text').execute();
  }
}

export const volumeHash = { number: 17, name: 'volume-hash', up };
