import type { Kysely } from 'kysely';
import type { BackupRecord, Catalogue } from '../port.ts';
import { rowToRecord } from '../rows.ts';
import type { Schema } from '../schema.ts';
import { HeadTracker } from './track-heads.ts';

/** Gives a record a name; see {@link Catalogue.renameBackup}. */
export async function renameBackup(
  database: Kysely<Schema>,
  { projectId, backupId, name, renamedAtMs }: Parameters<Catalogue['renameBackup']>[0],
): Promise<BackupRecord | null> {
  // A time in the future may have come since the record was written.
  const heads = new HeadTracker(database, projectId);
  await heads.willChange([backupId]);
  const row = await database
    .updateTable('backups')
    .set((eb) => ({
      backup_name: name,
      requested_name: eb.fn.coalesce('requested_name', 'backup_name'),
      updated_at_ms: renamedAtMs,
      revision: eb('revision', '+', 1),
    }))
    .where('project_id', '=', projectId)
    .where('backup_id', '=', backupId)
    .where('forgotten_at_ms', 'is', null)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return null;
  await heads.settle();
  return rowToRecord(row);
}
