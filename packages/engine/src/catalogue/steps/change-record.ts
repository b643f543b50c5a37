import type { ExpressionBuilder, Kysely, UpdateObject } from 'kysely';
import type { BackupRow, Schema } from '../schema.ts';
import { HeadTracker } from './track-heads.ts';

/** Changes a record that is not forgotten, and updates the newest backups of its resource. Null if there is no such record. */
export async function changeRecord(
  database: Kysely<Schema>,
  projectId: string,
  backupId: string,
  changes: (eb: ExpressionBuilder<Schema, 'backups'>) => UpdateObject<Schema, 'backups'>,
): Promise<BackupRow | null> {
  // A time in the future may have come since the record was written.
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
