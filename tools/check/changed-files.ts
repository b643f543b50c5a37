import { execFileSync } from 'node:child_process';

const git = (...args: string[]) =>
  execFileSync('git', args, { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '');

/** Files that differ from where this branch left main, committed or not, with those that are new. Relative to the root. */
export function changedFiles(): readonly string[] {
  return [...new Set([...git('diff', '--name-only', branchPoint()), ...newFiles()])];
}

/** All files of the repository that are there. */
export function allFiles(): readonly string[] {
  const removed = new Set(git('ls-files', '--deleted'));
  return [...git('ls-files'), ...newFiles()].filter((file) => !removed.has(file));
}

function newFiles(): readonly string[] {
  return git('ls-files', '--others', '--exclude-standard');
}

function branchPoint(): string {
  try {
    const [commit = 'HEAD'] = git('merge-base', 'HEAD', 'main');
    return commit;
  } catch {
    // A clone without main: what is not committed is compared.
    return 'HEAD';
  }
}
