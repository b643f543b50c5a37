import type { Kysely } from 'kysely';

/** Records of disks end when a package that references the disk is recorded, and return if that is gone. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable('backups').addColumn('part_of', 'text').execute();
}
