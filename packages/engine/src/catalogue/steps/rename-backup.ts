import type { Kysely } from 'kysely';
import type { BackupRecord } from '../backup-records.ts';
import { rowToRecord } from '../backup-rows.ts';
import type { Schema } from '../schema.ts';
import { changeRecord } from './change-record.ts';

/** Sets the name of a record. */
export async function renameBackup(
  database: Kysely<Schema>,
  {
    projectId,
    backupId,
    name,
    renamedAtMs,
  }: {
    readonly projectId: string;
    readonly backupId: string;
    readonly name: string;
    readonly renamedAtMs: number;
  },
): Promise<BackupRecord | null> {
  const row = await changeRecord(database, projectId, backupId, (eb) => ({
    backup_name: name,
    requested_name: eb.fn.coalesce('requested_name', 'backup_name'),
    updated_at_ms: renamedAtMs,
  }));
  return row === null ? null : rowToRecord(row);
}
