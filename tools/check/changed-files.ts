import { execFileSync } from 'node:child_process';

/** Branches that changes are merged into: here, or in the origin of this clone. */
const mains = ['main', 'origin/main'] as const;

/**
 * Changed files. `since` is the branch that they are compared with; null in a clone without main, which compares with
 * the last commit.
 */
export type ChangedFiles = { readonly files: readonly string[]; readonly since: (typeof mains)[number] | null };

/**
 * Returns the files that differ from the point where this branch left main, committed or not, and new files. Paths are
 * relative to the root.
 */
export function changedFiles(root: string): ChangedFiles {
  const { commit, since } = branchPoint(root);
  return { files: [...new Set([...git(root, 'diff', '-z', '--name-only', commit), ...newFiles(root)])], since };
}

/** Returns all files of the repository that exist, including new ones. */
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
      // The branch is not here, or the clone is too shallow to have the common commit.
    }
  }
  return { commit: 'HEAD', since: null };
}

/** Returns the names that git prints. With `-z`, each ends with a NUL and none is quoted. */
function git(root: string, ...args: string[]): readonly string[] {
  const answer = execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return answer.split('\0').filter((name) => name !== '');
}
