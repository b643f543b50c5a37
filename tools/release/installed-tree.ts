import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { completionScripts } from '../../apps/cli/src/completion/scripts.ts';
import { type Entry, fileEntry } from './archive.ts';
import type { BundledCommand } from './bundle-command.ts';
import { manualPage } from './manual-page.ts';
import { commandFiles } from './npm-packages.ts';
import { type Release, root } from './release.ts';
import { nodeRuntime, thirdPartyNotices } from './third-party.ts';

/** Node, of the only platform that the packages for Linux are for. */
export const platform = { os: 'linux', nodeArchitecture: 'x64', debianArchitecture: 'amd64' } as const;

/** Names of the units in packaging/systemd. */
export const units = ['backup-sync.service', 'backup-sync-worker.service'] as const;

export function packaged(path: string): string {
  return readFileSync(join(root, 'packaging', path), 'utf8');
}

/**
 * What is below `/usr` where backup-sync is installed with its own Node: `bin/backup-sync` and everything that it needs
 * in `lib/backup-sync`, which is the npm package of the command.
 */
export function installedTree(release: Release, command: BundledCommand): readonly Entry[] {
  const library = commandFiles(command)
    // The licences of everything that is installed are in the documentation.
    .filter(({ path }) => !['LICENSE', 'README.md', 'THIRD-PARTY-NOTICES'].includes(path))
    .map((entry) => ({ ...entry, path: `lib/backup-sync/${entry.path}` }));
  return [
    ...library,
    fileEntry('lib/backup-sync/bin/node', nodeProgram(), 0o755),
    fileEntry('bin/backup-sync', packaged('launcher.sh'), 0o755),
    fileEntry('share/man/man1/backup-sync.1', manualPage(release)),
    fileEntry('share/bash-completion/completions/backup-sync', completionScripts.bash),
    fileEntry('share/fish/vendor_completions.d/backup-sync.fish', completionScripts.fish),
    fileEntry('share/doc/backup-sync/THIRD-PARTY-NOTICES', allNotices(command)),
  ];
}

/** The notices of everything that is installed. */
function allNotices(command: BundledCommand): string {
  return thirdPartyNotices([...command.thirdParty, nodeRuntime()]);
}

/** The program of the Node that runs the checks of this repository. Throws on another platform. */
function nodeProgram(): Buffer {
  const { os, nodeArchitecture } = platform;
  if (process.platform !== os || process.arch !== nodeArchitecture) {
    throw new Error(
      `The packages for Linux are made on ${os}-${nodeArchitecture}: they contain the Node of this machine.`,
    );
  }
  return readFileSync(join(root, 'node_modules', 'node', 'bin', 'node'));
}
