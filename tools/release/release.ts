import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

/** What all files of a release say about it. */
export type Release = {
  readonly version: string;
  /** Commit of the sources, with `-modified` if files have changed since; null without a repository. */
  readonly commit: string | null;
  /** Time of all files: SOURCE_DATE_EPOCH, else that of the commit. Seconds since 1970. */
  readonly epochSeconds: number;
};

/** Describes the release of the working tree. Throws if there is neither a commit nor SOURCE_DATE_EPOCH. */
export function describeRelease(environment: Readonly<Record<string, string | undefined>>): Release {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
  const head = git('rev-parse', 'HEAD');
  const isModified = head !== null && git('status', '--porcelain') !== '';
  const epoch = environment.SOURCE_DATE_EPOCH || git('log', '-1', '--format=%ct');
  if (epoch === null || !/^\d+$/.test(epoch)) {
    throw new Error('The time of the release is not known. Set SOURCE_DATE_EPOCH to seconds since 1970.');
  }
  return { version, commit: isModified ? `${head}-modified` : head, epochSeconds: Number(epoch) };
}

/** Returns what git prints; null if this is not a clone, or git is not installed. */
function git(...args: readonly string[]): string | null {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}

/** The part of the changelog that describes a version. Throws if there is none. */
export function changelogEntry(version: string): string {
  const sections = readFileSync(join(root, 'CHANGELOG.md'), 'utf8').split(/^(?=## )/m);
  const found = sections.find(
    (section) =>
      section.startsWith(`## ${version}\n`) ||
      section.startsWith(`## ${version} `) ||
      (section.startsWith('## Unreleased\n') && section.includes(`This will be ${version},`)),
  );
  if (found === undefined) throw new Error(`CHANGELOG.md has no entry "## ${version}". Write what has changed.`);
  return found.trim();
}
