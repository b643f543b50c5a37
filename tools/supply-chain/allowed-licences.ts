export type InstalledPackage = {
  readonly name: string;
  readonly versions: readonly string[];
  readonly licence: string;
};

/** Permissive licences, by their SPDX identifiers. */
const allowed = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'CC-BY-4.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
  'Zlib',
]);

/**
 * Licences of packages that are only for development and are not shipped: two with copyleft on their own files, and two
 * old packages whose description names no licence.
 */
const allowedForDevelopment: ReadonlyMap<string, string> = new Map([
  ['axe-core', 'MPL-2.0'],
  ['lightningcss', 'MPL-2.0'],
  ['humanize-number', 'Unknown'],
  ['only', 'Unknown'],
]);

/** Returns the packages whose licence offers no allowed choice. */
export function refusedPackages(
  installed: readonly InstalledPackage[],
  use: 'shipped' | 'development',
): readonly InstalledPackage[] {
  const isExcused = ({ name, licence }: InstalledPackage) =>
    use === 'development' && licence === developmentLicence(name);
  return installed.filter((each) => !isAllowed(each.licence) && !isExcused(each));
}

function developmentLicence(name: string): string | undefined {
  // The binaries of a package are separate packages: lightningcss-linux-x64-gnu.
  return [...allowedForDevelopment].find(
    ([allowedName]) => name === allowedName || name.startsWith(`${allowedName}-`),
  )?.[1];
}

/** Whether an SPDX expression is allowed: one of its alternatives, with all parts of it. */
function isAllowed(expression: string): boolean {
  const alternatives = expression.replaceAll(/[()]/g, '').split(/ OR /i);
  return alternatives.some((each) => each.split(/ AND /i).every((licence) => allowed.has(licence.trim())));
}
