import { execFile, spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whether this machine can install a Debian package into a directory with the tools of Debian. */
export const hasDpkg = process.getuid?.() === 0 && spawnSync('dpkg', ['--version']).error === undefined;

/** Installs a package into an empty root, where no other package is. Without dpkg, only unpacks its files. */
export async function installDebianPackage(file: string, root: string): Promise<void> {
  await mkdir(join(root, 'etc'), { recursive: true });
  if (!hasDpkg) return unpack(file, root);
  await mkdir(join(root, 'var/lib/dpkg/updates'), { recursive: true });
  await mkdir(join(root, 'var/lib/dpkg/info'));
  for (const empty of ['var/lib/dpkg/status', 'etc/passwd', 'etc/group']) await writeFile(join(root, empty), '');
  await dpkg(root, '--install', file);
}

/** Runs dpkg for a root that has no programs for the scripts of a package: they run on this machine. */
export async function dpkg(root: string, ...args: readonly string[]): Promise<void> {
  const options = [`--root=${root}`, '--force-script-chrootless', '--force-depends', `--log=${join(root, 'log')}`];
  await run('dpkg', [...options, ...args]);
}

/** Unpacks the files of a package. An archive of `ar` has a header of 60 bytes for each of its files. */
async function unpack(file: string, root: string): Promise<void> {
  const archive = await readFile(file);
  let offset = '!<arch>\n'.length;
  while (offset < archive.length) {
    const header = archive.toString('latin1', offset, offset + 60);
    const size = Number(header.slice(48, 58));
    const content = archive.subarray(offset + 60, offset + 60 + size);
    if (header.startsWith('data.tar.gz')) {
      const data = join(root, 'data.tar.gz');
      await writeFile(data, content);
      await run('tar', ['-xzf', data, '-C', root]);
    }
    offset += 60 + size + (size % 2);
  }
}
