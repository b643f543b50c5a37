import type { Kysely } from 'kysely';
import type { BackupRecord } from '../backup-records.ts';
import { rowToRecord } from '../backup-rows.ts';
import { fixedQuery } from '../fixed-query.ts';
import type { Schema } from '../schema.ts';
import { chunks } from './chunk.ts';

const shownRecord = fixedQuery((database, { projectId, backupId }: { projectId: string; backupId: string }) =>
  database
    .selectFrom('backups')
    .where('project_id', '=', projectId)
    .where('backup_id', '=', backupId)
    .where('forgotten_at_ms', 'is', null)
    .selectAll(),
);

const shownRecords = fixedQuery((database, { projectId, ids }: { projectId: string; ids: readonly string[] }) =>
  database
    .selectFrom('backups')
    .where('project_id', '=', projectId)
    .where('backup_id', 'in', ids)
    .where('forgotten_at_ms', 'is', null)
    .selectAll(),
);

/** Returns the record of a backup; null if there is none or it was forgotten. */
export async function showBackup(
  database: Kysely<Schema>,
  projectId: string,
  backupId: string,
): Promise<BackupRecord | null> {
  const row = await shownRecord.first(database, { projectId, backupId });
  return row === undefined ? null : rowToRecord(row);
}

/** Returns the records of these backups, without those that were forgotten. */
export async function showBackups(
  database: Kysely<Schema>,
  projectId: string,
  backupIds: readonly string[],
): Promise<readonly BackupRecord[]> {
  const records: BackupRecord[] = [];
  for (const ids of chunks(backupIds)) {
    records.push(...(await shownRecords.all(database, { projectId, ids })).map(rowToRecord));
  }
  return records;
}
