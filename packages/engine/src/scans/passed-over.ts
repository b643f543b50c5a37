/** Folders where filers show earlier states of a file system, as segments of a key. */
export const snapshotFolders = ['.snapshot', '~snapshot', '.zfs/snapshot', '#snapshot', '@Recently-Snapshot'] as const;

/**
 * Whether a scan of `prefix` ignores a key or image path because it is in a snapshot folder of a filer. There each
 * backup appears once more for each snapshot, and expires with it. A prefix that leads into such a folder includes it.
 */
export function isPassedOver(path: string, prefix: string): boolean {
  return isInSnapshot(path) && !isInSnapshot(`${prefix}/`);
}

/** Part of the name of every snapshot folder. Most keys do not have it, so that one search is enough for them. */
const inAllNames = 'napshot';

function isInSnapshot(path: string): boolean {
  if (!path.includes(inAllNames)) return false;
  return snapshotFolders.some((folder) => path.startsWith(`${folder}/`) || path.includes(`/${folder}/`));
}
