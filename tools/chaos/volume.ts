import { execFile, execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const roomBytes = 256 * 1024 * 1024;
const resizeTriesMax = 50;

/** The place of data directories: a separate file system that can be full, if this machine can mount one. */
export type Volume = AsyncDisposable & {
  readonly path: string;
  /** Takes all free space, or releases it; or says why this machine cannot. */
  readonly room: { take(): Promise<void>; giveBack(): Promise<void> } | { readonly missing: string };
};

export async function openVolume(): Promise<Volume> {
  const home = await mkdtemp(join(tmpdir(), 'backup-sync-chaos-'));
  const path = join(home, 'volume');
  await mkdir(path);
  const remove = () => rm(home, { recursive: true, force: true });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${roomBytes},mode=0700`, 'backup-sync-chaos', path]);
  } catch {
    const missing = 'mounting a tmpfs needs root';
    return { path, room: { missing }, [Symbol.asyncDispose]: remove };
  }
  // A process that is killed must leave nothing mounted.
  const unmountAtExit = () => {
    execFileSync('umount', ['--lazy', path]);
    rmSync(home, { recursive: true });
  };
  process.once('exit', unmountAtExit);
  return {
    path,
    room: { take: () => shrink(path), giveBack: () => resize(path, roomBytes) },
    async [Symbol.asyncDispose]() {
      process.off('exit', unmountAtExit);
      await run('umount', [path]);
      await remove();
    },
  };
}

/** Shrinks the file system to the size of its content. */
async function shrink(path: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const { blocks, bfree, bsize } = await statfs(path);
    try {
      await resize(path, (blocks - bfree) * bsize);
      return;
    } catch (error) {
      // More was written meanwhile.
      if (attempt === resizeTriesMax) throw error;
    }
  }
}

async function resize(path: string, bytes: number): Promise<void> {
  await run('mount', ['-o', `remount,size=${bytes}`, path]);
}
