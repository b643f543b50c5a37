import { createHash } from 'node:crypto';

/** Code points of a legal `backup_name` at most. */
const backupNameMax = 64;
/** Of the hash that keeps shortened names apart. */
const hashDigits = 8;

/**
 * A legal `backup_name`: the name as it is where it has 1 to 64 characters; the backup's id where there is none; of a
 * longer name its first 55 characters, a dash and 8 hex digits of its SHA-256, so that names that begin alike stay apart.
 */
export function legalBackupName(originalName: string | null, backupId: string): string {
  const name = originalName === null || originalName === '' ? backupId : originalName.toWellFormed();
  const characters = Array.from(name);
  if (characters.length <= backupNameMax) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, hashDigits);
  return `${characters.slice(0, backupNameMax - hashDigits - 1).join('')}-${hash}`;
}
