import type { BackupRecord } from '../catalogue/backup-records.ts';

/** The name that a record shows, and the name in its sync requests if that is another. */
export type BackupNames = Pick<BackupRecord, 'backupName' | 'requestedName'>;

/**
 * The names of a record once `wanted` is imported. A name that a person has set stays until a sync request brings another
 * name than the request before it. What a scan or a verification calls a recorded backup, which may have got another name
 * since they looked, never replaces it.
 */
export function nameBackup(wanted: string, isRequest: boolean, current: BackupNames | null): BackupNames {
  if (current === null) return { backupName: wanted, requestedName: null };
  const { backupName, requestedName } = current;
  const stays = !isRequest || wanted === requestedName;
  return stays ? { backupName, requestedName } : { backupName: wanted, requestedName: null };
}
