import { createHash } from 'node:crypto';

/**
 * The image path of a Longhorn backup, which is the key of its cfg, suffix included:
 * `<target path>/backupstore/volumes/<h[0:2]>/<h[2:4]>/<volume>/backups/backup_<name>.cfg`. `h` is the SHA-512 of the
 * volume's name.
 */
const cfgPattern = /^((?:.*\/)?backupstore\/volumes\/([^/]+)\/([^/]+)\/([^/]+)\/)backups\/backup_([^/]+)\.cfg$/s;
const volumePattern = /^((?:.*\/)?backupstore\/volumes\/[^/]+\/[^/]+\/[^/]+\/)(.+)$/s;
const blockPattern = /^blocks\/([0-9a-f]{2})\/([0-9a-f]{2})\/([0-9a-f]{64})\.blk$/;

const lockPattern = /^locks\/[^/]+\.lck$/;

export type LonghornBackupPath = {
  readonly imagePath: string;
  /** The folder of the volume, a key prefix. */
  readonly volumeFolder: string;
  readonly volumeName: string;
  readonly backupName: string;
  /** Whether the volume's folder is in the folders that its name requires. */
  readonly isInPlace: boolean;
};

/** Parses an image path; null if it does not belong to a Longhorn backup. */
export function parseBackupPath(imagePath: string): LonghornBackupPath | null {
  const [, volumeFolder, first, second, volumeName, backupName] = cfgPattern.exec(imagePath) ?? [];
  if (volumeFolder === undefined || volumeName === undefined || backupName === undefined) return null;
  const hash = createHash('sha512').update(volumeName).digest('hex');
  const isInPlace = first === hash.slice(0, 2) && second === hash.slice(2, 4);
  return { imagePath, volumeFolder, volumeName, backupName, isInPlace };
}

/**
 * The folder of the volume whose backups share this object: a block, `volume.cfg` or a lock. Null for other objects.
 */
export function volumeFolderOfShared(key: string): string | null {
  const [, volumeFolder, relativeKey] = volumePattern.exec(key) ?? [];
  if (volumeFolder === undefined || relativeKey === undefined) return null;
  const isShared =
    relativeKey === 'volume.cfg' || checksumOfBlockKey(relativeKey) !== null || lockPattern.test(relativeKey);
  return isShared ? volumeFolder : null;
}

/**
 * The checksum that names a block, 64 hex digits; null if the key, relative to the volume's folder, is not a block's.
 */
export function checksumOfBlockKey(relativeKey: string): string | null {
  const [, first, second, checksum] = blockPattern.exec(relativeKey) ?? [];
  if (checksum === undefined) return null;
  return first === checksum.slice(0, 2) && second === checksum.slice(2, 4) ? checksum : null;
}

/** Key of a block, relative to the volume's folder. */
export function blockKeyOf(checksum: string): string {
  return `blocks/${checksum.slice(0, 2)}/${checksum.slice(2, 4)}/${checksum}.blk`;
}
