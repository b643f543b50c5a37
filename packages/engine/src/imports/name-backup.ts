import type { BackupRecord } from '../catalogue/backup-records.ts';

/** The name that a record shows, and the name in its sync requests if that differs. */
export type BackupNames = Pick<BackupRecord, 'backupName' | 'requestedName'>;

/**
 * Returns the names of a record once `wanted` is imported. A name set by a person stays until a sync request brings a
 * different name than the previous request. The name used by a scan or a verification never replaces it: the backup may
 * have been renamed since they read it.
 */
export function nameBackup(wanted: string, isRequest: boolean, current: BackupNames | null): BackupNames {
  if (current === null) return { backupName: wanted, requestedName: null };
  const { backupName, requestedName } = current;
  const stays = !isRequest || wanted === requestedName;
  return stays ? { backupName, requestedName } : { backupName: wanted, requestedName: null };
}
