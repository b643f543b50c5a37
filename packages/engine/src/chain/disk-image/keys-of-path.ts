/** A path with the drive of Windows. */
const drive = /^[A-Za-z]:[\\/]/;

/** Whether a path begins with the drive of Windows. */
export function hasDrive(path: string): boolean {
  return drive.test(path);
}

/**
 * Finds the keys at which the file with this path may be, the likeliest first. A path is relative to the folder of the
 * image that names it; that folder has a slash at the end, unless it is the top of the bucket. A path that is absolute,
 * or that leads out of the bucket, is of the writer's host, so the file is looked for next to the image.
 */
export function keysOfPath(folder: string, path: string): readonly string[] {
  const name = path.split(/[/\\]/).at(-1) ?? '';
  const next = ['', '.', '..'].includes(name) ? null : `${folder}${name}`;
  const isOfHost = path.startsWith('/') || hasDrive(path);
  const relative = isOfHost ? null : resolve(folder, path);
  return [...new Set([relative, next])].filter((key) => key !== null).filter((key) => key !== '');
}

/** Null if the path leads out of the bucket. */
function resolve(folder: string, path: string): string | null {
  const segments = folder.split('/').slice(0, -1);
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') segments.push(segment);
    else if (segments.pop() === undefined) return null;
  }
  return segments.join('/');
}
