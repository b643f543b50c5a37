import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { completionScripts } from '../../apps/cli/src/completion/scripts.ts';
import {
  type ArchiveOptions,
  arArchive,
  directoryEntry,
  type Entry,
  fileEntry,
  tarball,
  withDirectories,
} from './archive.ts';
import { packaged, platform, units } from './installed-tree.ts';
import { changelogEntry, type Release } from './release.ts';

/** Files that an administrator edits. An upgrade keeps the changes. */
const settings = ['etc/backup-sync/config.yaml'];

/** The libraries of the program of Node, and `useradd`: every Debian and Ubuntu of the last years has them. */
const dependencies = 'libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6 (>= 8), passwd';

/** Makes the Debian package without the tools of Debian, so that it is made on any machine. */
export async function debianPackage(
  release: Release,
  tree: readonly Entry[],
  { maintainer, ...options }: ArchiveOptions & { readonly maintainer: string },
): Promise<{ readonly name: string; readonly content: Buffer }> {
  const { version, epochSeconds } = release;
  const data = withDirectories([
    ...tree.map((entry) => installed(entry)),
    ...units.map((unit) => fileEntry(`usr/lib/systemd/system/${unit}`, packaged(`systemd/${unit}`))),
    fileEntry('usr/share/zsh/vendor-completions/_backup-sync', completionScripts.zsh),
    fileEntry('usr/share/doc/backup-sync/copyright', packaged('debian/copyright')),
    fileEntry('usr/share/doc/backup-sync/changelog.gz', compressed(debianChangelog(release, maintainer))),
    fileEntry('etc/backup-sync/config.yaml', packaged('config.yaml')),
    directoryEntry('etc/backup-sync/secrets', 0o700),
  ]);
  const installedBytes = data.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.content.length : 0), 0);
  const control = [
    'Package: backup-sync',
    `Version: ${version}`,
    `Architecture: ${platform.debianArchitecture}`,
    `Maintainer: ${maintainer}`,
    `Installed-Size: ${Math.ceil(installedBytes / 1024)}`,
    `Depends: ${dependencies}`,
    'Section: admin',
    'Priority: optional',
    'Description: imports backups from object storage and proves them',
    ' backup-sync finds the backups in object storage, proves that each chain is',
    ' whole, and records them in a catalogue that can be queried by command, web',
    ' console and API. It never writes to a bucket.',
    ' .',
    ' The package has its own Node. The service is not started until it has been',
    ' configured.',
  ];
  const sums = data.flatMap((entry) =>
    entry.type === 'file' && !settings.includes(entry.path)
      ? [`${createHash('md5').update(entry.content).digest('hex')}  ${entry.path}`]
      : [],
  );
  const information = [
    fileEntry('control', `${control.join('\n')}\n`),
    fileEntry('conffiles', settings.map((path) => `/${path}\n`).join('')),
    fileEntry('md5sums', `${sums.toSorted().join('\n')}\n`),
    ...['postinst', 'prerm', 'postrm'].map((script) => fileEntry(script, packaged(`debian/${script}`), 0o755)),
  ];
  const inRoot = (entries: readonly Entry[]) => [
    directoryEntry('.'),
    ...entries.map((entry) => ({ ...entry, path: `./${entry.path}` })),
  ];
  const files = [
    { name: 'debian-binary', content: Buffer.from('2.0\n') },
    { name: 'control.tar.gz', content: await tarball(inRoot(information), options) },
    { name: 'data.tar.gz', content: await tarball(inRoot(data), options) },
  ];
  return {
    name: `backup-sync_${version}_${platform.debianArchitecture}.deb`,
    content: arArchive(files, epochSeconds),
  };
}

/** An entry of the tree where Debian wants it. It wants manual pages compressed. */
function installed(entry: Entry): Entry {
  const path = `usr/${entry.path}`;
  if (entry.type !== 'file' || !path.startsWith('usr/share/man/')) return { ...entry, path };
  return fileEntry(`${path}.gz`, compressed(entry.content));
}

function compressed(content: Buffer | string): Buffer {
  return gzipSync(content, { level: 9 });
}

/** The changelog of this version in Debian's format. */
function debianChangelog({ version, epochSeconds }: Release, maintainer: string): string {
  const date = new Date(epochSeconds * 1000).toUTCString().replace('GMT', '+0000');
  const lines = changelogEntry(version)
    .split('\n')
    .flatMap((line) => {
      const [, text] = /^- (.*)/.exec(line) ?? /^ {2}(.*)/.exec(line) ?? [];
      if (text === undefined) return [];
      return [line.startsWith('- ') ? `  * ${text}` : `    ${text}`];
    });
  return `backup-sync (${version}) stable; urgency=medium\n\n${lines.join('\n')}\n\n -- ${maintainer}  ${date}\n`;
}
