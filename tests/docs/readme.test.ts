import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../../apps/cli/src/testing.ts';

/** People decide by the first page whether they read another one. */
const wordsMax = 500;

test(`README.md has at most ${wordsMax} words, commands and outputs included`, async () => {
  const text = await readFile(join(repositoryRoot, 'README.md'), 'utf8');
  const words = text.split(/\s+/).filter((word) => word !== '');
  expect(words.length).toBeLessThanOrEqual(wordsMax);
});
