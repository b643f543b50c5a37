import { execFileSync } from 'node:child_process';

/** Where changes are merged: here, else where this clone comes from. */
const mains = ['main', 'origin/main'] as const;

/**
 * `since` names what the files are compared with. It is null in a clone without main: only the last commit is there.
 */
export type ChangedFiles = { readonly files: readonly string[]; readonly since: (typeof mains)[number] | null };

/**
 * Files that differ from where this branch left main, committed or not, with those that are new. Relative to the root.
 */
export function changedFiles(root: string): ChangedFiles {
  const { commit, since } = branchPoint(root);
  return { files: [...new Set([...git(root, 'diff', '-z', '--name-only', commit), ...newFiles(root)])], since };
}

/** All files of the repository that are there. */
export function allFiles(root: string): readonly string[] {
  const removed = new Set(git(root, 'ls-files', '-z', '--deleted'));
  return [...git(root, 'ls-files', '-z'), ...newFiles(root)].filter((file) => !removed.has(file));
}

function newFiles(root: string): readonly string[] {
  return git(root, 'ls-files', '-z', '--others', '--exclude-standard');
}

function branchPoint(root: string): { readonly commit: string; readonly since: ChangedFiles['since'] } {
  for (const since of mains) {
    try {
      const answer = git(root, 'merge-base', 'HEAD', since).join('');
      return { commit: answer.trim(), since };
    } catch {
      // It is not here, or the clone is too shallow to reach what both have.
    }
  }
  return { commit: 'HEAD', since: null };
}

/** The names that git answers, each ended by a NUL, so that none is quoted. */
function git(root: string, ...args: string[]): readonly string[] {
  const answer = execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return answer.split('\0').filter((name) => name !== '');
}
