/** The key of a disk: of its descriptor, or of its only file. */
export type VmdkPath = {
  /** The folder, with a slash at the end; empty at the top of the bucket. */
  readonly folder: string;
  /** The name without `.vmdk`. */
  readonly name: string;
};

const diskKey = /^(.*\/)?([^/]+)\.vmdk$/is;
/** Names that VMware and qemu-img give to the files of a disk. `-ctk` tracks changes, and exports leave it out. */
const extentSuffix = /-(?:flat|delta|sesparse|rdmp?|pt|[sf]\d{3,})\.vmdk$/i;
const companionSuffix = /-ctk\.vmdk$/i;
/** What VMware appends to the name of a disk for each snapshot. */
const snapshotNumber = /-\d{6}$/;

/**
 * Reads the key of a disk; null if it is not one. A key that has the name of a part of a disk may be a disk, too: only
 * what is stored shows it.
 */
export function parseVmdkPath(key: string): VmdkPath | null {
  const [, folder = '', name] = diskKey.exec(key) ?? [];
  const isPartOfNone = name !== undefined && extentSuffix.test(key) && diskOfPart(key) === null;
  if (name === undefined || isPartOfNone || companionSuffix.test(key)) return null;
  return { folder, name };
}

/** The key of the disk that a file with the name of a part belongs to, if that disk is there; null if it has no such name. */
export function diskOfPart(key: string): string | null {
  const disk = key.replace(extentSuffix.test(key) ? extentSuffix : companionSuffix, key.slice(-'.vmdk'.length));
  return disk === key || !diskKey.test(disk) ? null : disk;
}

/** The prefix of all keys that can be extents of a disk by their name. */
export function extentsPrefixOf({ folder, name }: VmdkPath): string {
  return `${folder}${name}-`;
}

/** Whether a key is that of an extent of the disk, by its name. */
export function isExtentOf(path: VmdkPath, key: string): boolean {
  const prefix = extentsPrefixOf(path);
  return key.startsWith(prefix) && key.slice(prefix.length - 1).search(extentSuffix) === 0;
}

/** The name of a disk without the number of a snapshot: disks of a chain usually share it. */
export function baseNameOf({ name }: VmdkPath): string {
  return name.replace(snapshotNumber, '');
}

/** The prefix that all disks of a chain usually share. */
export function rootOfVmdk(imagePath: string): string | null {
  const path = parseVmdkPath(imagePath);
  return path === null ? null : `${path.folder}${baseNameOf(path)}`;
}
