import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './release.ts';

/** A package whose code is in a file of the release. */
export type ThirdPartyPackage = {
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly licence: string;
  /** Text of the licence and of the notices that must stay with the code. */
  readonly text: string;
};

/** Files of a package that must stay with copies of it. */
const licenceFile = /^(?:licen[cs]e|notice|copying)(?:[.-].*)?$/i;

/** Describes the package in a directory of `node_modules`. */
export function installedPackage(directory: string): ThirdPartyPackage {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license: string;
  };
  const files = readdirSync(directory).filter((file) => licenceFile.test(file));
  const texts = files.toSorted().map((file) => readFileSync(join(directory, file), 'utf8').trim());
  const text = texts.length > 0 ? texts.join('\n\n') : `The package has no file with its licence, which is ${license}.`;
  return { name, version, licence: license, text };
}

/** The packages in the built console, as Vite lists them. Throws if the console is not built. */
export function consolePackages(): readonly ThirdPartyPackage[] {
  type Listed = { readonly name: string; readonly version: string; readonly identifier: string; readonly text: string };
  const path = join('apps', 'console', 'dist', 'licenses.json');
  const listed = JSON.parse(readNeeded(path, 'Run "pnpm build" first.')) as readonly Listed[];
  return listed.map(({ name, version, identifier, text }) => ({
    name,
    version,
    licence: identifier,
    text: text.trim(),
  }));
}

/** The Node of this repository. Its npm package has no licence file, so the text is kept here for each version. */
export function nodeRuntime(): ThirdPartyPackage {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', 'node', 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const remedy = `Copy LICENSE of Node ${version} there, and remove that of the version before.`;
  const text = readNeeded(join('packaging', 'node', `LICENSE-${version}`), remedy);
  return { name: 'node', version, licence: 'MIT', text: text.trim() };
}

/** Reads a file of this repository. Throws an error with the remedy if it is missing. */
function readNeeded(path: string, remedy: string): string {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch (error) {
    throw new Error(`${path} cannot be read. ${remedy}`, { cause: error });
  }
}

const rule = '-'.repeat(79);

/** The notices of all packages, with each text once. */
export function thirdPartyNotices(packages: readonly ThirdPartyPackage[]): string {
  const byText = new Map<string, ThirdPartyPackage[]>();
  for (const each of packages.toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1))) {
    const same = byText.get(each.text) ?? [];
    if (!same.some((other) => nameOf(other) === nameOf(each))) byText.set(each.text, [...same, each]);
  }
  const parts = Array.from(byText, ([text, those]) => {
    const names = those.map((each) => `${nameOf(each)} (${each.licence})`).join('\n');
    return `${rule}\n${names}\n${rule}\n\n${text}\n`;
  });
  return ['backup-sync contains the software of others, under these licences.\n', ...parts].join('\n');
}

function nameOf({ name, version }: ThirdPartyPackage): string {
  return `${name} ${version}`;
}
