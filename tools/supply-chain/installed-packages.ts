import { spawnSync } from 'node:child_process';
import { consolePackages, nodeRuntime } from '../release/third-party.ts';
import type { InstalledPackage } from './allowed-licences.ts';

/**
 * Type definitions, and the compiler, which libraries name as a peer and which differs by platform. None of them runs.
 */
const forCompilingAlone = /^(@types\/.+|undici-types|typescript|@typescript\/.+)$/;

/** Returns all installed packages. Throws if pnpm fails. */
export function installedPackages(): readonly InstalledPackage[] {
  return listedPackages([]);
}

/**
 * Returns the packages of a release: those that the published packages need, those in the built console, and Node.
 * Throws if pnpm fails, or if the console is not built.
 */
export function shippedPackages(): readonly InstalledPackage[] {
  const needed = listedPackages(['--prod']).filter(({ name }) => !forCompilingAlone.test(name));
  const shipped = new Map(needed.map((each) => [each.name, each]));
  for (const { name, version, licence } of [...consolePackages(), nodeRuntime()]) {
    const { versions = [] } = shipped.get(name) ?? {};
    shipped.set(name, { name, licence, versions: [...new Set([...versions, version])] });
  }
  return [...shipped.values()];
}

function listedPackages(options: readonly string[]): readonly InstalledPackage[] {
  const args = ['licenses', 'list', '--json', ...options];
  const listed = spawnSync('pnpm', args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (listed.status !== 0) throw new Error(`pnpm licenses: ${listed.stderr}${listed.stdout}`);
  const byLicence = JSON.parse(listed.stdout) as Record<string, readonly Omit<InstalledPackage, 'licence'>[]>;
  return Object.entries(byLicence).flatMap(([licence, packages]) =>
    packages.map(({ name, versions }) => ({ name, versions, licence })),
  );
}
