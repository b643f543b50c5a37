import type { BackupRecord } from '../backup-records.ts';
import { rowToRecord } from '../backup-rows.ts';
import { differencesOf } from '../differences.ts';
import { fixedQuery } from '../fixed-query.ts';
import { oneQuery } from '../one-query.ts';

const shownRecord = fixedQuery((database, { projectId, backupId }: { projectId: string; backupId: string }) =>
  database
    .selectFrom('backups')
    .where('project_id', '=', projectId)
    .where('backup_id', '=', backupId)
    .where('forgotten_at_ms', 'is', null)
    .selectAll(),
);

/** `ids` is a list, see `Differences`. */
const shownRecords = fixedQuery((database, { projectId, ids }: { projectId: string; ids: string }) =>
  database
    .selectFrom('backups')
    .where('project_id', '=', projectId)
    .where(({ ref }) => differencesOf(database).isAmong(ref('backup_id'), ids))
    .where('forgotten_at_ms', 'is', null)
    .selectAll(),
);

/** Returns the record of a backup; null if there is none or it was forgotten. */
export const showBackup = oneQuery({
  query: shownRecord,
  values: (_, projectId: string, backupId: string) => ({ projectId, backupId }),
  answer: ([row]): BackupRecord | null => (row === undefined ? null : rowToRecord(row)),
});

/** Returns the records of these backups, without those that were forgotten. */
export const showBackups = oneQuery({
  query: shownRecords,
  values: ({ asList }, projectId: string, backupIds: readonly string[]) => ({ projectId, ids: asList(backupIds) }),
  answer: (rows) => rows.map(rowToRecord),
});
