import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { parse } from 'yaml';
import { type ArchiveOptions, type Entry, fileEntry, tarball } from './archive.ts';
import type { BundledCommand } from './bundle-command.ts';
import { type Release, root } from './release.ts';
import { servedFiles, servedNames, servedThirdParty } from './served-files.ts';
import { thirdPartyNotices } from './third-party.ts';

/** Libraries of the release, and their folders. */
export const libraries = {
  contracts: 'packages/contracts',
  core: 'packages/core',
  trpc: 'packages/trpc',
  engine: 'packages/engine',
  gateway: 'apps/gateway',
} as const;

type Manifest = {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly engines: object;
  readonly sideEffects?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>> | string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
};

/** Modules that only tests import. Some of them are next to the code. */
const forTests = /(?:^|\/)testing[./]|-for-tests\.|-conformance\./;

/** The files of the library in a folder, by their paths in the package. */
export function libraryFiles(folder: string): readonly Entry[] {
  const manifest = readManifest(folder);
  const built = readdirSync(join(root, folder, 'dist'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(?:js|d\.ts)$/.test(path) && !forTests.test(path) && isBuiltFromSource(folder, path))
    .map((path) => fileEntry(`dist/${path}`, withoutSources(readFileSync(join(root, folder, 'dist', path), 'utf8'))));
  checkImports(manifest.name, built);
  const servesFiles = servedNames.some((name) => manifest.dependencies?.[name] !== undefined);
  const notices = () => fileEntry('THIRD-PARTY-NOTICES', thirdPartyNotices(servedThirdParty()));
  return [
    ...built,
    ...(servesFiles ? [...servedFiles(), notices()] : []),
    ...commonFiles(folder),
    fileEntry('package.json', releasedManifest(manifest, servesFiles ? servedNames : [])),
  ];
}

/** The files of the package with the command. It has everything that it needs in it. */
export function commandFiles({ files, thirdParty }: BundledCommand): readonly Entry[] {
  const folder = 'apps/cli';
  return [
    ...files,
    ...servedFiles(),
    ...commonFiles(folder),
    fileEntry('THIRD-PARTY-NOTICES', thirdPartyNotices(thirdParty)),
    fileEntry('package.json', commandManifest(readManifest(folder))),
  ];
}

/** Packs the npm packages, by the names that `npm pack` gives. */
export async function packNpmPackages(
  { version }: Release,
  command: BundledCommand,
  options: ArchiveOptions,
): Promise<ReadonlyMap<string, Buffer>> {
  const packed = new Map<string, Buffer>();
  for (const [name, folder] of Object.entries(libraries)) {
    packed.set(`backup-sync-${name}-${version}.tgz`, await npmTarball(libraryFiles(folder), options));
  }
  return packed.set(`backup-sync-cli-${version}.tgz`, await npmTarball(commandFiles(command), options));
}

/** Packs the files of a package as npm wants them: in a folder `package`. */
export function npmTarball(entries: readonly Entry[], options: ArchiveOptions): Promise<Buffer> {
  return tarball(
    entries.map((entry) => ({ ...entry, path: `package/${entry.path}` })),
    options,
  );
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
}

/** Whether the source of a built file is still there: builds leave the files of removed sources behind. */
function isBuiltFromSource(folder: string, path: string): boolean {
  return existsSync(join(root, folder, 'src', path.replace(/(?:\.js|\.d\.ts)$/, '.ts')));
}

const relativeImport = /(\bfrom |\bimport\()(["'])(\.[^"']+)\.[jt]s\2/g;

/** Removes the map of a built file and, in types, the names of sources: the package has no sources. */
function withoutSources(code: string): string {
  return code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n').replaceAll(relativeImport, '$1$2$3.js$2');
}

/** Throws if a file imports a file that the package does not have. */
function checkImports(name: string, files: readonly Entry[]): void {
  const paths = new Set(files.map(({ path }) => path));
  for (const file of files) {
    if (file.type !== 'file') continue;
    for (const [, , , imported = ''] of file.content.toString().matchAll(relativeImport)) {
      const target = posix.join(dirname(file.path), imported);
      if (paths.has(`${target}.js`) && paths.has(`${target}.d.ts`)) continue;
      throw new Error(`${name}: ${file.path} imports ${imported}.js, which is not in the package`);
    }
  }
}

/** The manifest as it is published: without what only this repository needs, and with the versions of all packages. */
function releasedManifest(manifest: Manifest, bundled: readonly string[]): string {
  const { name, version, description, license, engines, sideEffects, exports = {} } = manifest;
  const entries = Object.entries(exports).flatMap(([entry, conditions]) => {
    if (typeof conditions === 'string') return [[entry, conditions]];
    const { '@backup-sync/source': _, ...rest } = conditions;
    // An entry that has only sources is for tests.
    return Object.keys(rest).length === 0 ? [] : [[entry, rest]];
  });
  const released = {
    name,
    version,
    description,
    license,
    type: 'module',
    engines,
    ...(sideEffects === undefined ? {} : { sideEffects }),
    exports: { ...Object.fromEntries(entries), './package.json': './package.json' },
    files: ['dist', ...(bundled.length === 0 ? [] : ['THIRD-PARTY-NOTICES'])],
    dependencies: versionsOf(manifest.dependencies, version),
    ...(manifest.peerDependencies === undefined
      ? {}
      : { peerDependencies: versionsOf(manifest.peerDependencies, version) }),
    ...(bundled.length === 0 ? {} : { bundleDependencies: bundled }),
  };
  return `${JSON.stringify(released, null, 2)}\n`;
}

/** The manifest of the command, whose libraries are bundled. It finds two packages at run time, which are in it too. */
function commandManifest({ name, version, description, license, engines, bin, dependencies }: Manifest): string {
  const found = Object.fromEntries(servedNames.map((each) => [each, dependencies?.[each] ?? '']));
  const released = {
    name,
    version,
    description,
    license,
    type: 'module',
    engines,
    bin,
    files: ['dist', 'THIRD-PARTY-NOTICES'],
    dependencies: versionsOf(found, version),
    bundleDependencies: servedNames,
  };
  return `${JSON.stringify(released, null, 2)}\n`;
}

/** Replaces what names a version of this workspace by that version. */
function versionsOf(dependencies: Readonly<Record<string, string>> = {}, version: string): Record<string, string> {
  const { catalog } = parse(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')) as {
    readonly catalog: Readonly<Record<string, string>>;
  };
  const versions = Object.entries(dependencies).map(([name, range]) => {
    if (range.startsWith('workspace:')) return [name, version];
    return [name, range === 'catalog:' ? catalog[name] : range];
  });
  return Object.fromEntries(versions);
}

/** The licence, and the pages of a package. */
function commonFiles(folder: string): readonly Entry[] {
  const pages = readdirSync(join(root, folder)).filter((name) => name.endsWith('.md'));
  return [
    fileEntry('LICENSE', readFileSync(join(root, 'LICENSE'))),
    ...pages.map((name) => fileEntry(name, readFileSync(join(root, folder, name)))),
  ];
}
