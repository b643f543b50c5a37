import type { SchemaModule } from 'kysely';

/** What a listing showed of the objects that backups share. Records without it are examined once more. */
async function up(schema: SchemaModule): Promise<void> {
  await schema.alterTable('backups').addColumn('shared_listing', 'text').execute();
}

export const sharedListing = { number: 9, name: 'shared-listing', up };
