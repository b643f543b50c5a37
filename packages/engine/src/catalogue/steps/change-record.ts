import type { ExpressionBuilder, Kysely, UpdateObject } from 'kysely';
import type { BackupRow, Schema } from '../schema.ts';
import { HeadTracker } from './track-heads.ts';

/**
 * Changes a record, and updates the newest backups of its resource. Returns null if there is no record or it was
 * forgotten.
 */
export async function changeRecord(
  database: Kysely<Schema>,
  projectId: string,
  backupId: string,
  changes: (eb: ExpressionBuilder<Schema, 'backups'>) => UpdateObject<Schema, 'backups'>,
): Promise<BackupRow | null> {
  // A time that was in the future when the record was written may have come since.
  const heads = new HeadTracker(database, projectId);
  await heads.willChange([backupId]);
  const row = await database
    .updateTable('backups')
    .set((eb) => ({ ...changes(eb), revision: eb('revision', '+', 1) }))
    .where('project_id', '=', projectId)
    .where('backup_id', '=', backupId)
    .where('forgotten_at_ms', 'is', null)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return null;
  await heads.settle();
  return row;
}
