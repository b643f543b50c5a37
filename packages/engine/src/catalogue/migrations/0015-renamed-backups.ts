import type { SchemaModule } from 'kysely';

/** People can rename a backup; the name of its sync requests is kept beside theirs. */
async function up(schema: SchemaModule): Promise<void> {
  await schema.alterTable('backups').addColumn('requested_name', 'text').execute();
}

export const renamedBackups = { number: 15, name: 'renamed-backups', up };
