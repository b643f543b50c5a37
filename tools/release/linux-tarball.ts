import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { completionScripts } from '../../apps/cli/src/completion/scripts.ts';
import { type ArchiveOptions, type Entry, fileEntry, tarball, withDirectories } from './archive.ts';
import { packaged, platform, units } from './installed-tree.ts';
import { type Release, root } from './release.ts';

/** Where the tarball's units expect the command: the administrator links it there. */
const linkedCommand = '/usr/local/bin/backup-sync';

/** Packs the tree into one folder, with the units and the settings to copy. */
export async function linuxTarball(
  { version }: Release,
  tree: readonly Entry[],
  options: ArchiveOptions,
): Promise<{ readonly name: string; readonly content: Buffer }> {
  const name = `backup-sync-${version}-${platform.os}-${platform.nodeArchitecture}`;
  const entries = [
    ...tree,
    ...units.map((unit) =>
      fileEntry(
        `lib/systemd/system/${unit}`,
        packaged(`systemd/${unit}`).replace('/usr/bin/backup-sync', linkedCommand),
      ),
    ),
    fileEntry('share/zsh/site-functions/_backup-sync', completionScripts.zsh),
    fileEntry('etc/backup-sync/config.yaml', packaged('config.yaml')),
    ...['LICENSE', 'README.md', 'CHANGELOG.md'].map((file) => fileEntry(file, readFileSync(join(root, file)))),
  ];
  const below = entries.map((entry) => ({ ...entry, path: `${name}/${entry.path}` }));
  return { name: `${name}.tar.gz`, content: await tarball(withDirectories(below), options) };
}
