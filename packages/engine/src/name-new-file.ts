import { link, lstat, rename, rm } from 'node:fs/promises';

/** What a file system without hard links answers to `link`. */
const noLinks: readonly unknown[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/** What is at the path of a new file. */
export type Obstacle = 'a file' | 'a directory' | 'a symbolic link' | 'not a file';

/**
 * Finds what keeps a new file from the name `path`; null if nothing does. Only a file is ever replaced: a rename would
 * replace a device by a file, and a symbolic link instead of the file that it points to. Throws the error of the
 * operating system.
 */
export async function findObstacle(path: string, replace: boolean): Promise<Obstacle | null> {
  const existing = await lstat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  if (existing === null) return null;
  if (existing.isFile()) return replace ? null : 'a file';
  if (existing.isDirectory()) return 'a directory';
  return existing.isSymbolicLink() ? 'a symbolic link' : 'not a file';
}

/**
 * Gives a complete file its final name, at which there must be nothing. Throws the error of the operating system:
 * `EEXIST` if something was created there meanwhile.
 */
export async function nameNewFile(partialPath: string, path: string): Promise<void> {
  try {
    // Unlike a rename, a link never replaces a file that was created meanwhile.
    await link(partialPath, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && noLinks.includes(error.code))) throw error;
    if (await isThere(path)) throw Object.assign(error, { code: 'EEXIST' });
    return await rename(partialPath, path);
  }
  await rm(partialPath);
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null;
}
