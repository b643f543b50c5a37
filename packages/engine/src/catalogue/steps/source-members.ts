import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';

/** The members of a source whose backup is recorded at that place: neither forgotten nor marked as gone. */
export function recordedMembers(database: Kysely<Schema>, sourceId: string) {
  return database
    .selectFrom('source_members as member')
    .innerJoin('sources', 'sources.id', 'member.source_id')
    .innerJoin('backups', (join) =>
      join
        .onRef('backups.project_id', '=', 'sources.project_id')
        .onRef('backups.backup_id', '=', 'member.backup_id')
        .onRef('backups.storage_unit_id', '=', 'sources.storage_unit_id')
        .onRef('backups.bucket_name', '=', 'sources.bucket_name')
        .onRef('backups.image_path', '=', 'member.image_path'),
    )
    .where('member.source_id', '=', sourceId)
    .where('backups.forgotten_at_ms', 'is', null)
    .where('backups.vanished_at_ms', 'is', null);
}
