import { link, lstat, rename, rm } from 'node:fs/promises';

/** What a file system without hard links answers to `link`. */
const noLinks: readonly unknown[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

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
