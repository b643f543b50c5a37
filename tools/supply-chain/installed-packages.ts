import { spawnSync } from 'node:child_process';
import type { InstalledPackage } from './allowed-licences.ts';

/**
 * Type definitions, and the compiler, which libraries name as a peer and which differs by platform. None of them runs.
 */
const forCompilingAlone = /^(@types\/.+|undici-types|typescript|@typescript\/.+)$/;

/** Returns all installed packages, or only the shipped ones. Throws if pnpm fails. */
export function installedPackages(options: { readonly shippedOnly: boolean }): readonly InstalledPackage[] {
  const args = ['licenses', 'list', '--json', ...(options.shippedOnly ? ['--prod'] : [])];
  const listed = spawnSync('pnpm', args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (listed.status !== 0) throw new Error(`pnpm licenses: ${listed.stderr}${listed.stdout}`);
  const byLicence = JSON.parse(listed.stdout) as Record<string, readonly Omit<InstalledPackage, 'licence'>[]>;
  const installed = Object.entries(byLicence).flatMap(([licence, packages]) =>
    packages.map(({ name, versions }) => ({ name, versions, licence })),
  );
  return options.shippedOnly ? installed.filter(({ name }) => !forCompilingAlone.test(name)) : installed;
}
