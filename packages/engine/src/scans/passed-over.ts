/** Folders in which filers show earlier states of a file system, by the segments of a key. */
export const snapshotFolders = ['.snapshot', '~snapshot', '.zfs/snapshot', '#snapshot', '@Recently-Snapshot'] as const;

/**
 * Whether a key or image path is passed over by a listing of `prefix`: it is in a snapshot folder of a filer, where each
 * backup shows once more for each snapshot, and expires with it. A prefix that leads into such a folder asks for it.
 */
export function isPassedOver(path: string, prefix: string): boolean {
  return isInSnapshot(path) && !isInSnapshot(`${prefix}/`);
}

function isInSnapshot(path: string): boolean {
  return snapshotFolders.some((folder) => path.startsWith(`${folder}/`) || path.includes(`/${folder}/`));
}
