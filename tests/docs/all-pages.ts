import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '../../apps/cli/src/testing.ts';
import { type Page, readPage } from '../../tools/docs/markdown-page.ts';

const patterns = ['*.md', 'docs/**/*.md', 'packages/**/*.md', 'apps/**/*.md', 'examples/**/*.md'];

/** Every page of the repository, by its path from the root. */
export async function allPages(): Promise<ReadonlyMap<string, Page>> {
  const options = { cwd: repositoryRoot, exclude: (name: string) => name.split('/').includes('node_modules') };
  const paths = (await Array.fromAsync(glob(patterns, options))).sort();
  const pages = paths.map(async (path) => [path, await readPage(join(repositoryRoot, path))] as const);
  return new Map(await Promise.all(pages));
}
