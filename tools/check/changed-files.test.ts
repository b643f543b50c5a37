import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { allFiles, changedFiles } from './changed-files.ts';

/** Creates a repository with a commit on main, and a branch with another commit. */
async function branchOfMain() {
  const root = await mkdtemp(join(tmpdir(), 'backup-sync-check-'));
  const inRoot = (directory: string) => (line: string) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...line.split(' ')], { cwd: directory });
  const origin = join(root, 'origin');
  inRoot(root)(`init --quiet --initial-branch=main ${origin}`);
  const git = inRoot(origin);
  const commit = async (file: string) => {
    await writeFile(join(origin, file), file);
    git('add --all');
    git(`commit --quiet --message=${file}`);
  };
  await commit('of-main.ts');
  git('checkout --quiet -b branch');
  await commit('of-branch.ts');
  return {
    origin,
    git,
    clone(...options: string[]) {
      const clone = join(root, 'clone');
      inRoot(root)(['clone --quiet --branch=branch', ...options, `file://${origin}`, clone].join(' '));
      return clone;
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
}

test('committed, uncommitted and new files of a branch have changed', async () => {
  await using repository = await branchOfMain();
  await writeFile(join(repository.origin, 'of-main.ts'), 'changed');
  await writeFile(join(repository.origin, 'new-ä.ts'), 'new');
  const { files, since } = changedFiles(repository.origin);
  expect(since).toBe('main');
  expect(files.toSorted()).toEqual(['new-ä.ts', 'of-branch.ts', 'of-main.ts']);
});

test('a removed file has changed, and is not listed', async () => {
  await using repository = await branchOfMain();
  await rm(join(repository.origin, 'of-main.ts'));
  expect(changedFiles(repository.origin).files.toSorted()).toEqual(['of-branch.ts', 'of-main.ts']);
  expect(allFiles(repository.origin)).toEqual(['of-branch.ts']);
});

test('a clone of only the branch is compared with the main of its origin', async () => {
  await using repository = await branchOfMain();
  expect(changedFiles(repository.clone())).toEqual({ files: ['of-branch.ts'], since: 'origin/main' });
});

test('a shallow clone without main compares uncommitted files, and says so', async () => {
  await using repository = await branchOfMain();
  const clone = repository.clone('--depth=1');
  await writeFile(join(clone, 'new.ts'), 'new');
  expect(changedFiles(clone)).toEqual({ files: ['new.ts'], since: null });
});
