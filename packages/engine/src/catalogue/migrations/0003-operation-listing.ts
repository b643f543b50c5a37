import type { Kysely } from 'kysely';

export async function up({ schema }: Kysely<unknown>): Promise<void> {
  const listings = {
    operations_by_kind: ['project_id', 'kind', 'created_at_ms', 'sequence'],
    operations_by_backup: ['project_id', 'backup_id', 'created_at_ms', 'sequence'],
  } as const;
  for (const [index, columns] of Object.entries(listings)) {
    await schema
      .createIndex(index)
      .on('operations')
      .columns([...columns])
      .execute();
  }
  // The run that held the source: anyone who confirms its removals looks at that run first.
  await schema.alterTable('sources').addColumn('held_run_id', 'text').execute();
}
