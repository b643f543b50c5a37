import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { parse } from 'yaml';
import { type ArchiveOptions, type Entry, fileEntry, tarball } from './archive.ts';
import type { BundledCommand } from './bundle-command.ts';
import { type Release, root } from './release.ts';
import { consolePackages, thirdPartyNotices } from './third-party.ts';

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

const consolePackage = '@backup-sync/console';

/** Files of Swagger UI that the gateway serves, and what must stay with them. */
const swaggerFiles = [
  'LICENSE',
  'NOTICE',
  'absolute-path.js',
  'favicon-32x32.png',
  'swagger-ui-bundle.js',
  'swagger-ui-bundle.js.LICENSE.txt',
  'swagger-ui.css',
];

const swaggerFolder = 'node_modules/swagger-ui-dist';

/** Modules that only tests import. Some of them are next to the code. */
const forTests = /(?:^|\/)testing[./]|-for-tests\.|-conformance\./;

/** The files of the library in a folder, by their paths in the package. */
export function libraryFiles(folder: string): readonly Entry[] {
  const manifest = readManifest(folder);
  const built = readdirSync(join(root, folder, 'dist'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(?:js|d\.ts)$/.test(path) && !forTests.test(path) && isBuiltFromSource(folder, path))
    .map((path) => fileEntry(`dist/${path}`, withoutSources(readFileSync(join(root, folder, 'dist', path), 'utf8'))));
  checkImports(manifest.name, built);
  const isGateway = manifest.dependencies?.[consolePackage] !== undefined;
  return [
    ...built,
    ...(isGateway ? [...consoleFiles(), fileEntry('THIRD-PARTY-NOTICES', thirdPartyNotices(consolePackages()))] : []),
    ...commonFiles(folder),
    fileEntry('package.json', releasedManifest(manifest, isGateway ? [consolePackage] : [])),
  ];
}

/** The files of the package with the command. It has everything that it needs in it. */
export function commandFiles({ files, thirdParty }: BundledCommand): readonly Entry[] {
  const folder = 'apps/cli';
  const swagger = join(root, folder, 'node_modules', 'swagger-ui-dist');
  return [
    ...files,
    ...consoleFiles(),
    ...swaggerFiles.map((name) => fileEntry(`${swaggerFolder}/${name}`, readFileSync(join(swagger, name)))),
    fileEntry(
      `${swaggerFolder}/package.json`,
      withoutDependencies(readFileSync(join(swagger, 'package.json'), 'utf8')),
    ),
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
  const packages = new Map<string, readonly Entry[]>();
  for (const [name, folder] of Object.entries(libraries)) packages.set(name, libraryFiles(folder));
  packages.set('cli', commandFiles(command));
  const packed = new Map<string, Buffer>();
  for (const [name, entries] of packages) {
    const below = entries.map((entry) => ({ ...entry, path: `package/${entry.path}` }));
    packed.set(`backup-sync-${name}-${version}.tgz`, await tarball(below, options));
  }
  return packed;
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

/** Swagger UI depends on a package that reports installations, and works without it. */
function withoutDependencies(manifest: string): string {
  const { dependencies: _, scripts: _scripts, ...rest } = JSON.parse(manifest);
  return `${JSON.stringify(rest, null, 2)}\n`;
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
  const bundled = [consolePackage, 'swagger-ui-dist'];
  const found = Object.fromEntries(bundled.map((each) => [each, dependencies?.[each] ?? '']));
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
    bundleDependencies: bundled,
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

/** The built console as a package: the files that its first page loads, and those that they load. */
function consoleFiles(): readonly Entry[] {
  const folder = join(root, 'apps', 'console');
  const { name, version, description, license, exports } = readManifest('apps/console');
  const manifest = `${JSON.stringify({ name, version, description, license, type: 'module', exports }, null, 2)}\n`;
  const assets = readdirSync(join(folder, 'dist', 'assets'));
  const read = (path: string) => readFileSync(join(folder, 'dist', path));
  // Iterating over a set includes what is added during the iteration.
  const loaded = new Set(['index.html']);
  for (const path of loaded) {
    const text = read(path).toString();
    for (const asset of assets) if (text.includes(asset)) loaded.add(`assets/${asset}`);
  }
  const compressed = assets.filter((asset) => loaded.has(`assets/${asset.replace(/\.(?:br|gz)$/, '')}`));
  const paths = [...new Set([...loaded, ...compressed.map((asset) => `assets/${asset}`)])];
  return [
    ...paths.map((path) => fileEntry(`node_modules/${consolePackage}/dist/${path}`, read(path))),
    fileEntry(`node_modules/${consolePackage}/package.json`, manifest),
  ];
}

/** The licence, and the pages of a package. */
function commonFiles(folder: string): readonly Entry[] {
  const pages = readdirSync(join(root, folder)).filter((name) => name.endsWith('.md'));
  return [
    fileEntry('LICENSE', readFileSync(join(root, 'LICENSE'))),
    ...pages.map((name) => fileEntry(name, readFileSync(join(root, folder, name)))),
  ];
}
