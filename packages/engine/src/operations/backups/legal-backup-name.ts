/** The most code points of a `backup_name`. */
const lengthMax = 64;

/**
 * A legal `backup_name` for a backup that its writer named otherwise: as it was named, cut to 64 code points; where it
 * has no name, its id, cut likewise.
 */
export function legalBackupName(originalName: string | null, backupId: string): string {
  const name = originalName === null || originalName === '' ? backupId : originalName;
  return Array.from(name.toWellFormed()).slice(0, lengthMax).join('');
}
