import { createHash } from 'node:crypto';
import type { BackupFormat } from '@backup-sync/contracts';

/** Ids may not be longer, in characters. */
const idMax = 255;

/** Formats that usually have one backup of a disk or machine at one place, which the next backup replaces. */
const replacedFormats: ReadonlySet<BackupFormat> = new Set(['ovf', 'qcow2', 'vmdk']);

/** Whether the backups of a format have only their place as id, and other content there is the next backup. */
export function isReplacedInPlace(format: BackupFormat): boolean {
  return replacedFormats.has(format);
}

/**
 * An id for a backup or resource that has none of its own: its name, and a hash of its place, which is its bucket and its
 * path, with a "/" between them.
 */
export function idOfPlace(name: string, place: string): string {
  const hash = createHash('sha256').update(place).digest('hex').slice(0, 12);
  return `${name.slice(0, idMax - hash.length - 1)}-${hash}`;
}
