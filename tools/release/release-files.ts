import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { billOfMaterials } from '../supply-chain/bill-of-materials.ts';
import { shippedPackages } from '../supply-chain/installed-packages.ts';
import { bundleCommand } from './bundle-command.ts';
import { debianPackage } from './debian-package.ts';
import { installedTree } from './installed-tree.ts';
import { linuxTarball } from './linux-tarball.ts';
import { packNpmPackages } from './npm-packages.ts';
import { changelogEntry, type Release, root } from './release.ts';

export type ReleaseOptions = {
  /** Who maintains the Debian package, as `Name <address>`. */
  readonly maintainer: string;
  /** From 1, fast, to 9, small. */
  readonly gzipLevel: number;
};

/**
 * Makes all files of a release from what is built, by their names. The same sources give the same bytes. Throws if the
 * changelog has no entry for the version.
 */
export async function releaseFiles(
  release: Release,
  { maintainer, gzipLevel }: ReleaseOptions,
): Promise<ReadonlyMap<string, Buffer>> {
  const { version, commit, epochSeconds } = release;
  const changes = changelogEntry(version);
  const archive = { epochSeconds, gzipLevel };
  const command = await bundleCommand(commit);
  const tree = installedTree(release, command);
  const bill = billOfMaterials('backup-sync', version, shippedPackages());
  const files = new Map(await packNpmPackages(release, command, archive));
  for (const { name, content } of [
    await linuxTarball(release, tree, archive),
    await debianPackage(release, tree, { ...archive, maintainer }),
  ]) {
    files.set(name, content);
  }
  for (const name of ['Containerfile', 'health-check.mjs']) {
    files.set(name, readFileSync(join(root, 'packaging', 'container', name)));
  }
  files.set(`backup-sync-${version}.cdx.json`, Buffer.from(`${JSON.stringify(bill, null, 2)}\n`));
  files.set('CHANGES.md', Buffer.from(`${changes}\n`));
  files.set('SHA256SUMS', Buffer.from(checksums(files)));
  return files;
}

/** In the format of `sha256sum`. */
function checksums(files: ReadonlyMap<string, Buffer>): string {
  return Array.from(files, ([name, content]) => `${createHash('sha256').update(content).digest('hex')}  ${name}\n`)
    .toSorted((one, other) => (one.slice(66) < other.slice(66) ? -1 : 1))
    .join('');
}
