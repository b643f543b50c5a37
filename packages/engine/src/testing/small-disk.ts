import { execFile } from 'node:child_process';
import { appendFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A disk of a few MiB that a test can fill. */
export type SmallDisk = AsyncDisposable & {
  readonly path: string;
  /** Leaves no byte free. */
  fill(): void;
  /** Frees the filled space. */
  free(): void;
};

/** Mounts a small disk in memory. Null if this user or system cannot; the test is then skipped. */
export async function mountSmallDisk(sizeMiB: number): Promise<SmallDisk | null> {
  const path = await mkdtemp(join(tmpdir(), 'backup-sync-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', path]);
  } catch {
    await rm(path, { recursive: true });
    return null;
  }
  const filler = join(path, 'filler');
  return {
    path,
    fill() {
      for (const bytes of [1024 * 1024, 4096]) {
        try {
          while (true) appendFileSync(filler, Buffer.alloc(bytes, 1));
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
        }
      }
    },
    free: () => rmSync(filler),
    async [Symbol.asyncDispose]() {
      await run('umount', [path]);
      await rm(path, { recursive: true });
    },
  };
}

/** Why a test that needs a small disk is skipped. */
export const cannotMount = 'mounting a small disk needs root on Linux';
