import { createHash } from 'node:crypto';
import { storableName } from '../unicode-form.ts';

/** Maximum number of code points of a legal `backup_name`. */
const backupNameMax = 64;
/** Hex digits of the hash that keeps shortened names apart. */
const hashDigits = 8;

/**
 * Returns a legal `backup_name`. A name of 1 to 64 characters is kept; without a name the backup's id is taken.
 * A longer name is cut to its first 55 characters, a dash and 8 hex digits of its SHA-256, so that names that begin
 * alike stay apart.
 */
export function legalBackupName(originalName: string | null, backupId: string): string {
  const name = originalName === null || originalName === '' ? backupId : storableName(originalName);
  const characters = Array.from(name);
  if (characters.length <= backupNameMax) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, hashDigits);
  return `${characters.slice(0, backupNameMax - hashDigits - 1).join('')}-${hash}`;
}
