/**
 * The image paths of Cinder's chunked drivers. After the path, the keys of objects have `-00001` upwards, `_sha256file`
 * and `_metadata`:
 *
 * - S3, Swift, GCS: `volume_<volume id>/<YYYYMMDDHHMMSS>/az_<availability zone>_backup_<backup id>`, at the root of a
 *   bucket, or in the folder that the bucket was copied into;
 * - posix, NFS, GlusterFS: `<folder>/volume_<volume id>_<YYYYMMDDHHMMSS>_backup_<backup id>`, in a configured folder,
 *   or in the default folder of the backup, `<id[0:2]>/<id[2:4]>/<id>`;
 * - posix before 2017: `<default folder>/backup`.
 *
 * The zone is free text. A backup's id is always a UUID, so it shows where the path ends and the suffix begins. A zone
 * may even contain `volume_<id>/<time>/az_`: the first occurrence in a key is the volume's, so that a key that Cinder
 * itself wrote never seems to be in an outer folder.
 */
const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const objectStorePattern = new RegExp(`^((?:.*?/)??)(volume_([^/]+)/(\\d{14})/az_.*_backup_(${uuid}))(.*)$`, 's');
const posixPattern = new RegExp(`^((.*/)?(volume_([^/]+)_(\\d{14})_backup_(${uuid})))([^/]*)$`, 's');
const earlyPosixPattern = /^((.*\/)?backup)(|[-_][^/]*)$/s;
/** The default folder of a backup, at the end of a path of folders. */
const defaultFolderPattern = new RegExp(`^((?:.*/)?)([0-9a-f]{2})/([0-9a-f]{2})/(${uuid})/$`, 's');

const uuidLength = 36;
/** Precedes the id in every path, except in the early posix layout. */
const idMark = '_backup_';
const uuidPattern = new RegExp(`^${uuid}$`);

/** `-` and at least five digits, without more leading zeros than five digits need. */
const numberSuffixPattern = /^-(\d{5}|[1-9]\d{5,9})$/;

/** Maximum object number that its column can store; no volume comes near it. */
const objectNumberMax = 2 ** 32 - 1;

export const metadataSuffix = '_metadata';
export const hashFileSuffix = '_sha256file';

/** The parts of a key in one of these layouts. */
export type CinderKey = {
  readonly imagePath: string;
  /** Null if the path does not contain it, as in the early posix layout. */
  readonly volumeId: string | null;
  readonly backupId: string;
  /** When writing began, as `YYYYMMDDHHMMSS` in UTC; null if the path does not contain it. */
  readonly timestamp: string | null;
  /** The key prefix of the volume's backups in this place: one listing of it shows them all. */
  readonly folder: string;
  /**
   * The name that the metadata gives the objects, before their number. It is the key without the folder that it was
   * copied into, or on posix the base name.
   */
  readonly objectName: string;
  /** The prefix before the default folder of this backup; null if the backup is not in its default folder. */
  readonly defaultRoot: string | null;
  /** The rest of the key after the image path; empty for the path itself. */
  readonly suffix: string;
};

/** Parses a key; null if it has none of these layouts. */
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
  // In a configured folder, nothing shows whose backup it is.
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
 * The image paths that a key begins with, the shortest first, of those longer than `from` characters. There may be
 * several, because a zone may contain text that looks like the end of another path.
 */
export function cinderPathsIn(key: string, from: number): readonly CinderKey[] {
  const paths: CinderKey[] = [];
  const add = (path: CinderKey | null) => {
    if (path !== null && path.imagePath.length > from) paths.push(path);
  };
  // Most keys are a known path with a suffix.
  for (let at = key.indexOf(idMark, Math.max(0, from - idMark.length)); at !== -1; at = key.indexOf(idMark, at + 1)) {
    add(parseCinderImagePath(key.slice(0, at + idMark.length + uuidLength)));
  }
  add(parseEarlyPosixKey(key));
  return paths;
}

/** Parses an image path; null if it has none of these layouts. */
export function parseCinderImagePath(imagePath: string): CinderKey | null {
  const key = parseCinderKey(imagePath);
  return key?.suffix === '' ? key : null;
}

/** Whether a string is a backup's id as Cinder writes it. */
export function isBackupId(text: string): boolean {
  return uuidPattern.test(text);
}

/** The default folder of a backup, below `defaultRoot`. */
export function defaultFolderOf(defaultRoot: string, backupId: string): string {
  return `${defaultRoot}${backupId.slice(0, 2)}/${backupId.slice(2, 4)}/${backupId}/`;
}

/** Whether a volume's folder has a folder for each moment, as in object stores. A posix folder has none. */
export function hasMomentFolders(volumeFolder: string): boolean {
  return /(?:^|\/)volume_[^/]+\/$/.test(volumeFolder);
}

/**
 * The folder of a moment, `volume_<volume id>/<time>/`, in which a key of the volume's folder is stored. For a key
 * outside such folders, the whole key.
 */
export function momentFolderOf(key: string, volumeFolder: string): string {
  const end = key.indexOf('/', volumeFolder.length);
  return end === -1 ? key : key.slice(0, end + 1);
}

/** The number in an object's suffix, from 1; null if it is not a data object. */
export function objectNumberOf(suffix: string): number | null {
  const digits = numberSuffixPattern.exec(suffix)?.[1];
  if (digits === undefined) return null;
  const number = Number(digits);
  return number >= 1 && number <= objectNumberMax ? number : null;
}

export function objectSuffix(number: number): string {
  return `-${String(number).padStart(5, '0')}`;
}
