import { join } from 'node:path';
import { build } from 'rolldown';
import commandBuilds from '../../apps/cli/rolldown.config.ts';
import { type Entry, fileEntry } from './archive.ts';
import { root } from './release.ts';
import { servedThirdParty } from './served-files.ts';
import { installedPackage, type ThirdPartyPackage } from './third-party.ts';

/** The bundled command. */
export type BundledCommand = {
  readonly files: readonly Entry[];
  /** The packages whose code is in the command, or in what it serves. */
  readonly thirdParty: readonly ThirdPartyPackage[];
};

/** Bundles the command as its build does, without source maps, and with the commit that `version` prints. */
export async function bundleCommand(commit: string | null): Promise<BundledCommand> {
  const command = join(root, 'apps', 'cli');
  const files = new Map<string, Entry>();
  const modules = new Set<string>();
  for (const options of commandBuilds) {
    const { output } = await build({
      ...options,
      cwd: command,
      write: false,
      transform: { define: { BACKUP_SYNC_COMMIT: JSON.stringify(commit) } },
      output: { ...options.output, sourcemap: false },
    });
    for (const part of output) {
      const isProgram = part.fileName === 'main.js';
      const content = part.type === 'chunk' ? part.code : Buffer.from(part.source);
      files.set(part.fileName, fileEntry(`dist/${part.fileName}`, content, isProgram ? 0o755 : 0o644));
      if (part.type === 'chunk') for (const each of part.moduleIds) modules.add(each);
    }
  }
  const directories = new Set(Array.from(modules).flatMap((id) => packageDirectory(id) ?? []));
  const bundled = Array.from(directories, installedPackage);
  return { files: [...files.values()], thirdParty: [...bundled, ...servedThirdParty()] };
}

/** The directory of the installed package that has a module; null for the sources of this repository. */
function packageDirectory(moduleId: string): string | null {
  // Modules that the bundler generates begin with NUL.
  return /^(\/.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(moduleId)?.[1] ?? null;
}
