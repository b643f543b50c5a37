/** The names of a repository's folders: those of today, and those that restic gave in S3 until 2016. */
export type Layout = 'current' | 'old';

/** The folders of snapshots in each layout. */
export const snapshotFolders = ['snapshots', 'snapshot'] as const;

/** A snapshot of restic, as its key shows it. */
export type SnapshotPath = {
  readonly imagePath: string;
  /** Key prefix of the repository: empty at the top of a bucket, otherwise with a slash at the end. */
  readonly root: string;
  /** The name of the object: the SHA-256 of its bytes, in hex. */
  readonly name: string;
  readonly layout: Layout;
};

/** What an object in the folder of a repository is. `elsewhere` is a pack in a folder where restic does not look for it. */
export type PartKind = 'config' | 'key' | 'index' | 'pack' | 'elsewhere' | 'snapshot' | 'ignored' | 'foreign';

/** An object in the folder of a repository. */
export type RepositoryPart = {
  readonly kind: PartKind;
  /** The SHA-256 that its name says, in hex; null if it has no such name. */
  readonly sha256: string | null;
};

const snapshotPattern = /^((?:.*\/)?)(snapshots?)\/([0-9a-f]{64})$/s;
const sharedPattern = /^((?:.*\/)?)(?:(?:index|keys?|locks?)\/[0-9a-f]{64}|data\/([0-9a-f]{2})\/\2[0-9a-f]{62})$/s;
const partPattern = /^([a-z]+)\/(?:([0-9a-f]{2})\/)?([0-9a-f]{64})$/;
/** Locks are left behind by runs that were interrupted, and `tmp/` by early releases. */
const ignoredPattern = /^(?:locks?|tmp)\//;

/** Parses an image path, which is the key of a snapshot object; null if it is not the key of one. */
export function parseSnapshotPath(imagePath: string): SnapshotPath | null {
  const [, root, folder, name] = snapshotPattern.exec(imagePath) ?? [];
  if (root === undefined || name === undefined) return null;
  return { imagePath, root, name, layout: folder === 'snapshot' ? 'old' : 'current' };
}

/** The key prefix of the repository whose snapshots share this object; null if the key does not show one. */
export function rootOfShared(key: string): string | null {
  return sharedPattern.exec(key)?.[1] ?? null;
}

/** Tells what an object is by its key, relative to the repository. */
export function partOf(relativeKey: string, layout: Layout): RepositoryPart {
  if (relativeKey === 'config') return { kind: 'config', sha256: null };
  const [, folder, digits, name] = partPattern.exec(relativeKey) ?? [];
  if (name === undefined || (digits !== undefined && folder !== 'data')) {
    const isIgnored = ignoredPattern.test(relativeKey) || relativeKey.endsWith('/') || relativeKey === '';
    return { kind: isIgnored ? 'ignored' : 'foreign', sha256: null };
  }
  return { kind: kindOf(folder, digits, name, layout), sha256: name };
}

function kindOf(folder: string | undefined, digits: string | undefined, name: string, layout: Layout): PartKind {
  const isCurrent = layout === 'current';
  switch (folder) {
    case 'data': {
      const isInPlace = isCurrent ? digits === name.slice(0, 2) : digits === undefined;
      return isInPlace ? 'pack' : 'elsewhere';
    }
    case 'index':
      return 'index';
    case 'keys':
    case 'key':
      return (folder === 'keys') === isCurrent ? 'key' : 'foreign';
    case 'snapshots':
    case 'snapshot':
      return (folder === 'snapshots') === isCurrent ? 'snapshot' : 'foreign';
    case 'locks':
    case 'lock':
      return 'ignored';
    default:
      return 'foreign';
  }
}
