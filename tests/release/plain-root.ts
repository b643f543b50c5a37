import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { examples } from '../../apps/cli/src/testing.ts';

const run = promisify(execFile);

/** What the command needs of a system, in addition to its package: a shell, and two programs that every system has. */
const programs = ['/bin/sh', '/usr/bin/readlink', '/usr/bin/dirname'];

/** Number of a user who is not root, and of a group. */
const user = 12_345;

/** A root that has a shell, the C and C++ libraries, the examples and nothing else. */
export async function openPlainRoot(install: (root: string) => Promise<void>): Promise<
  AsyncDisposable & {
    /** Runs words of a shell in the root, as a user without rights and without a network. */
    run(words: string): Promise<string>;
  }
> {
  const root = await mkdtemp(join(tmpdir(), 'backup-sync-root-'));
  await install(root);
  await mkdir(join(root, 'bin'), { recursive: true });
  for (const program of programs)
    await copyFile(await realpath(program), join(root, 'bin', program.replace(/.*\//, '')));
  for (const program of [...programs, join(root, 'usr/lib/backup-sync/bin/node')]) {
    const { stdout } = await run('ldd', [program]);
    for (const [library] of stdout.matchAll(/\/\S+\.so\S*/g)) {
      await mkdir(dirname(join(root, library)), { recursive: true });
      await copyFile(await realpath(library), join(root, library));
    }
  }
  await cp(examples, join(root, 'examples'), { recursive: true });
  await mkdir(join(root, 'dev'));
  await run('mknod', ['--mode=666', join(root, 'dev/null'), 'c', '1', '3']);
  await run('install', ['--directory', `--owner=${user}`, `--group=${user}`, join(root, 'data'), join(root, 'tmp')]);
  await run('chmod', ['755', root]);
  return {
    async run(words) {
      const inRoot = ['chroot', `--userspec=${user}:${user}`, root, '/bin/sh', '-c', words];
      const env = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', HOME: '/tmp' };
      const ended = await run('unshare', ['--net', ...inRoot], { env }).catch((error) => error);
      return `${ended.stdout}${ended.stderr}`;
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}
