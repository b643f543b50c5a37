import { open } from 'node:fs/promises';

/** What systems say that open no directory, Windows among them: they need no more. */
const cannotSync = ['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP'];

/** Gives a directory to the disk: the name of a new file is durable when its directory is. */
export async function syncDirectory(path: string): Promise<void> {
  try {
    await using directory = await open(path, 'r');
    await directory.sync();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!cannotSync.includes(code)) throw error;
  }
}
