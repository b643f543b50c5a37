import type { BackupRecord } from '../../catalogue/port.ts';

/** The name that a record shows, and the name in its sync requests if that is another. */
export type BackupNames = Pick<BackupRecord, 'backupName' | 'requestedName'>;

/**
 * The names of a record once `wanted` is imported. A name that a person has set stays until a sync request brings another
 * name than the request before it. What scans call a backup never replaces it.
 */
export function nameBackup(wanted: string, isRequest: boolean, current: BackupNames | null): BackupNames {
  const requested = current?.requestedName ?? null;
  if (current !== null && requested !== null && (!isRequest || wanted === requested)) {
    return { backupName: current.backupName, requestedName: requested };
  }
  return { backupName: wanted, requestedName: null };
}
