import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Entry, fileEntry } from './archive.ts';
import { root } from './release.ts';
import { consolePackages, installedPackage, type ThirdPartyPackage } from './third-party.ts';

const consolePackage = '@backup-sync/console';
const swaggerPackage = 'swagger-ui-dist';

/** Packages with the files that the gateway serves. It finds them at run time, so they are inside its package. */
export const servedNames: readonly string[] = [consolePackage, swaggerPackage];

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

const consoleDirectory = join(root, 'apps', 'console');
const swaggerDirectory = join(root, 'apps', 'gateway', 'node_modules', swaggerPackage);

/** The two packages, below `node_modules` of the package that serves them. */
export function servedFiles(): readonly Entry[] {
  const inFolder = (name: string, files: readonly Entry[]) =>
    files.map((file) => ({ ...file, path: `node_modules/${name}/${file.path}` }));
  return [...inFolder(consolePackage, consoleFiles()), ...inFolder(swaggerPackage, swaggerPackageFiles())];
}

/** The software of others in these files. */
export function servedThirdParty(): readonly ThirdPartyPackage[] {
  return [installedPackage(swaggerDirectory), ...consolePackages()];
}

/** The built console: the files that its first page loads, and those that they load. */
function consoleFiles(): readonly Entry[] {
  const assets = readdirSync(join(consoleDirectory, 'dist', 'assets'));
  const read = (path: string) => readFileSync(join(consoleDirectory, 'dist', path));
  // Iterating over a set includes what is added during the iteration.
  const loaded = new Set(['index.html']);
  for (const path of loaded) {
    const text = read(path).toString();
    for (const asset of assets) if (text.includes(asset)) loaded.add(`assets/${asset}`);
  }
  const compressed = assets.filter((asset) => loaded.has(`assets/${asset.replace(/\.(?:br|gz)$/, '')}`));
  const paths = [...new Set([...loaded, ...compressed.map((asset) => `assets/${asset}`)])];
  return [...paths.map((path) => fileEntry(`dist/${path}`, read(path))), manifestOf(consoleDirectory)];
}

function swaggerPackageFiles(): readonly Entry[] {
  const files = swaggerFiles.map((name) => fileEntry(name, readFileSync(join(swaggerDirectory, name))));
  return [...files, manifestOf(swaggerDirectory)];
}

/** A manifest that makes npm install nothing more: Swagger UI names a package that reports installations. */
function manifestOf(directory: string): Entry {
  const {
    private: _,
    scripts: _scripts,
    dependencies: _dependencies,
    devDependencies: _tools,
    ...rest
  } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  return fileEntry('package.json', `${JSON.stringify(rest, null, 2)}\n`);
}
