import { createHash } from 'node:crypto';
import type { BackupFormat } from '@backup-sync/contracts';
import { parseEtcdPath } from './formats/etcd/etcd-path.ts';

/** Ids may not be longer, in characters. */
const idMax = 255;

/** Formats that often have one backup at one place, which the next backup replaces. */
const replacedFormats: ReadonlySet<BackupFormat> = new Set(['etcd', 'ovf', 'qcow2', 'vmdk']);

/** Formats of single disks, which a scan finds by their keys. */
const diskFormats: ReadonlySet<BackupFormat> = new Set(['qcow2', 'vmdk']);

/** Whether what looks like a backup may be a file of another one: of a disk, or of a package that references it. */
export function mayBeFileOfAnother(format: BackupFormat): boolean {
  return diskFormats.has(format);
}

/**
 * Whether a backup has only its place as id, so that other content there is the next backup. If its name has a time, as
 * that of a snapshot of etcd may, there is no next one at its place, even if that time cannot be right.
 */
export function isReplacedInPlace(format: BackupFormat, imagePath: string): boolean {
  const hasTime = format === 'etcd' && (parseEtcdPath(imagePath)?.madeAtS ?? null) !== null;
  return replacedFormats.has(format) && !hasTime;
}

/**
 * An id for a backup or resource that has none of its own: its name, and a hash of its place, which is its bucket and its
 * path, with a "/" between them.
 */
export function idOfPlace(name: string, place: string): string {
  const hash = createHash('sha256').update(place).digest('hex').slice(0, 12);
  return `${name.slice(0, idMax - hash.length - 1)}-${hash}`;
}
