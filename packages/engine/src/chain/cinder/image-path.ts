/**
 * Names that Cinder's chunked drivers give in S3, Swift and GCS:
 * `volume_<volume id>/<YYYYMMDDHHMMSS>/az_<availability zone>_backup_<backup id>`, and behind that path `-00001`
 * upwards for the objects, `_sha256file` and `_metadata`.
 *
 * The zone is free text; a backup's id is always a UUID, which tells where the path ends and the suffix begins.
 */
const keyPattern =
  /^(volume_([^/]+)\/(\d{14})\/az_.*_backup_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}))(.*)$/s;

/** `-` and at least five digits, no more zeros in front than these need. */
const numberSuffixPattern = /^-(\d{5}|[1-9]\d{5,9})$/;

/** Most objects that a number's column holds; no volume comes near it. */
const objectNumberMax = 2 ** 32 - 1;

export const metadataSuffix = '_metadata';
export const hashFileSuffix = '_sha256file';

export type CinderKey = {
  readonly imagePath: string;
  readonly volumeId: string;
  readonly backupId: string;
  /** `YYYYMMDDHHMMSS`, UTC. */
  readonly timestamp: string;
  /** What follows the image path; empty for the path itself. */
  readonly suffix: string;
};

/** Takes a key apart; null where it is not of this layout. */
export function parseCinderKey(key: string): CinderKey | null {
  const [, imagePath, volumeId, timestamp, backupId, suffix] = keyPattern.exec(key) ?? [];
  if (imagePath === undefined || volumeId === undefined || timestamp === undefined) return null;
  if (backupId === undefined || suffix === undefined) return null;
  return { imagePath, volumeId, timestamp, backupId, suffix };
}

/** Takes an image path apart; null where it is not of this layout. */
export function parseCinderImagePath(imagePath: string): CinderKey | null {
  const key = parseCinderKey(imagePath);
  return key?.suffix === '' ? key : null;
}

/** The folder that all backups of the volume share. */
export function volumeFolderOf(volumeId: string): string {
  return `volume_${volumeId}/`;
}

/** The number that an object's suffix gives it, from 1; null where the suffix is not that of a data object. */
export function objectNumberOf(suffix: string): number | null {
  const digits = numberSuffixPattern.exec(suffix)?.[1];
  if (digits === undefined) return null;
  const number = Number(digits);
  return number >= 1 && number <= objectNumberMax ? number : null;
}

export function objectSuffix(number: number): string {
  return `-${String(number).padStart(5, '0')}`;
}
