import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';
import { memberRecords } from './track-heads.ts';

/** Selects the members of a source whose backup is recorded at that place, neither forgotten nor vanished. */
export function recordedMembers(database: Kysely<Schema>, sourceId: string) {
  return memberRecords(database).where('member.source_id', '=', sourceId).where('backups.vanished_at_ms', 'is', null);
}
