import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';
import { memberRecords } from './track-heads.ts';

/** The members of a source whose backup is recorded at that place: neither forgotten nor marked as gone. */
export function recordedMembers(database: Kysely<Schema>, sourceId: string) {
  return memberRecords(database).where('member.source_id', '=', sourceId).where('backups.vanished_at_ms', 'is', null);
}
