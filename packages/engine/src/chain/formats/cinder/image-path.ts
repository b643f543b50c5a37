/**
 * Names that Cinder's chunked drivers give, and behind each of them `-00001` upwards for the objects, `_sha256file` and
 * `_metadata`:
 *
 * - S3, Swift, GCS: `volume_<volume id>/<YYYYMMDDHHMMSS>/az_<availability zone>_backup_<backup id>`, at the root of a
 *   bucket, or in the folder that somebody copied the bucket into;
 * - posix, NFS, GlusterFS: `<folder>/volume_<volume id>_<YYYYMMDDHHMMSS>_backup_<backup id>`, in a folder that was
 *   chosen, or in the default one of the backup, `<id[0:2]>/<id[2:4]>/<id>`;
 * - posix before 2017: `<default folder>/backup`.
 *
 * The zone is free text; a backup's id is always a UUID, which tells where the path ends and the suffix begins. A zone may
 * even hold `volume_<id>/<time>/az_`: the first in a key is the volume's, so that a key of Cinder's own never has an outer
 * folder.
 */
const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const objectStorePattern = new RegExp(`^((?:.*?/)??)(volume_([^/]+)/(\\d{14})/az_.*_backup_(${uuid}))(.*)$`, 's');
const posixPattern = new RegExp(`^((.*/)?(volume_([^/]+)_(\\d{14})_backup_(${uuid})))([^/]*)$`, 's');
const earlyPosixPattern = /^((.*\/)?backup)(|[-_][^/]*)$/s;
/** The default folder of a backup, at the end of a path of folders. */
const defaultFolderPattern = new RegExp(`^((?:.*/)?)([0-9a-f]{2})/([0-9a-f]{2})/(${uuid})/$`, 's');

const uuidLength = 36;
/** Stands before the id in every path but the early posix one. */
const idMark = '_backup_';
const uuidPattern = new RegExp(`^${uuid}$`);

/** `-` and at least five digits, no more zeros in front than these need. */
const numberSuffixPattern = /^-(\d{5}|[1-9]\d{5,9})$/;

/** Most objects that a number's column holds; no volume comes near it. */
const objectNumberMax = 2 ** 32 - 1;

export const metadataSuffix = '_metadata';
export const hashFileSuffix = '_sha256file';

export type CinderKey = {
  readonly imagePath: string;
  /** Null where the path does not tell it: in the early posix layout. */
  readonly volumeId: string | null;
  readonly backupId: string;
  /** `YYYYMMDDHHMMSS`, UTC, when writing began; null where the path does not tell it. */
  readonly timestamp: string | null;
  /** What the keys of the volume's backups in this place begin with: one listing of it has them all. */
  readonly folder: string;
  /**
   * The name that the metadata gives the objects, before their number: the key without the folder that it was copied
   * into, or on posix the base name.
   */
  readonly objectName: string;
  /** What lies before the default folder of this backup; null where it does not lie in one. */
  readonly defaultRoot: string | null;
  /** What follows the image path; empty for the path itself. */
  readonly suffix: string;
};

/** Takes a key apart; null where it is not of one of these layouts. */
export function parseCinderKey(key: string): CinderKey | null {
  return parseObjectStoreKey(key) ?? parsePosixKey(key) ?? parseEarlyPosixKey(key);
}

function parseObjectStoreKey(key: string): CinderKey | null {
  const [, outer, objectName, volumeId, timestamp, backupId, suffix] = objectStorePattern.exec(key) ?? [];
  if (outer === undefined || objectName === undefined || volumeId === undefined) return null;
  if (timestamp === undefined || backupId === undefined || suffix === undefined) return null;
  const imagePath = outer + objectName;
  const folder = `${outer}volume_${volumeId}/`;
  return { imagePath, volumeId, backupId, timestamp, folder, objectName, defaultRoot: null, suffix };
}

function parsePosixKey(key: string): CinderKey | null {
  const [, imagePath, directory = '', objectName, volumeId, timestamp, backupId, suffix] = posixPattern.exec(key) ?? [];
  if (imagePath === undefined || objectName === undefined || volumeId === undefined) return null;
  if (timestamp === undefined || backupId === undefined || suffix === undefined) return null;
  const defaultRoot = defaultRootOf(directory, backupId);
  const folder = defaultRoot === null ? `${directory}volume_${volumeId}_` : directory;
  return { imagePath, volumeId, backupId, timestamp, folder, objectName, defaultRoot, suffix };
}

function parseEarlyPosixKey(key: string): CinderKey | null {
  const [, imagePath, directory = '', suffix] = earlyPosixPattern.exec(key) ?? [];
  const backupId = defaultFolderPattern.exec(directory)?.[4];
  if (imagePath === undefined || backupId === undefined || suffix === undefined) return null;
  const defaultRoot = defaultRootOf(directory, backupId);
  // In a folder that was chosen, nothing tells whose backup it is.
  if (defaultRoot === null) return null;
  const objectName = 'backup';
  return { imagePath, volumeId: null, backupId, timestamp: null, folder: directory, objectName, defaultRoot, suffix };
}

function defaultRootOf(directory: string, backupId: string): string | null {
  const [, root, first, second, id] = defaultFolderPattern.exec(directory) ?? [];
  if (root === undefined || id !== backupId) return null;
  return first === id.slice(0, 2) && second === id.slice(2, 4) ? root : null;
}

/**
 * The image paths that a key begins with, the shortest first, of those longer than `from` characters: a zone may hold
 * what looks like the end of another path.
 */
export function cinderPathsIn(key: string, from: number): readonly CinderKey[] {
  const paths: CinderKey[] = [];
  const add = (path: CinderKey | null) => {
    if (path !== null && path.imagePath.length > from) paths.push(path);
  };
  // Most keys are a path that is known and a suffix.
  for (let at = key.indexOf(idMark, Math.max(0, from - idMark.length)); at !== -1; at = key.indexOf(idMark, at + 1)) {
    add(parseCinderImagePath(key.slice(0, at + idMark.length + uuidLength)));
  }
  add(parseEarlyPosixKey(key));
  return paths;
}

/** Takes an image path apart; null where it is not of one of these layouts. */
export function parseCinderImagePath(imagePath: string): CinderKey | null {
  const key = parseCinderKey(imagePath);
  return key?.suffix === '' ? key : null;
}

/** Whether text is a backup's id, as Cinder writes it. */
export function isBackupId(text: string): boolean {
  return uuidPattern.test(text);
}

/** The folder that a backup has by default, below `defaultRoot`. */
export function defaultFolderOf(defaultRoot: string, backupId: string): string {
  return `${defaultRoot}${backupId.slice(0, 2)}/${backupId.slice(2, 4)}/${backupId}/`;
}

/** Whether a volume's folder has a folder for each moment, as object stores have it. A posix folder has none. */
export function hasMomentFolders(volumeFolder: string): boolean {
  return /(?:^|\/)volume_[^/]+\/$/.test(volumeFolder);
}

/**
 * The folder of a moment, `volume_<volume id>/<time>/`, that holds a key in a volume's folder. Of a key that is in no
 * such folder, the whole key.
 */
export function momentFolderOf(key: string, volumeFolder: string): string {
  const end = key.indexOf('/', volumeFolder.length);
  return end === -1 ? key : key.slice(0, end + 1);
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
