import { open } from 'node:fs/promises';

/** Errors of systems that cannot open directories, such as Windows. They do not need the sync. */
const cannotSync = ['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP'];

/** Flushes a directory to disk. The name of a new file is durable only after that. */
export async function syncDirectory(path: string): Promise<void> {
  try {
    await using directory = await open(path, 'r');
    await directory.sync();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!cannotSync.includes(code)) throw error;
  }
}
