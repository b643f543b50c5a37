import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { repositoryRoot } from '../../apps/cli/src/testing.ts';
import { readPage } from '../../tools/docs/markdown-page.ts';
import { runPage } from '../../tools/docs/run-page.ts';

const paths = (await Array.fromAsync(glob(['README.md', 'docs/**/*.md'], { cwd: repositoryRoot }))).sort();

/** A page has up to dozens of commands, and a busy machine starts each slowly. The shell limits every single command. */
const timeoutMs = 240_000;

describe.concurrent('the commands of', () => {
  for (const path of paths) {
    test(`${path} print what the page shows`, { timeout: timeoutMs }, async ({ expect }) => {
      const { discrepancies } = await runPage(await readPage(join(repositoryRoot, path)));
      expect(discrepancies.map(({ line, message }) => `${path}:${line}: ${message}`)).toEqual([]);
    });
  }
});

test('no page has commands in a block that is not run', async () => {
  const unknown: string[] = [];
  for (const path of paths) {
    for (const { language, line } of (await readPage(join(repositoryRoot, path))).blocks) {
      if (['sh', 'shell', 'bash', 'shellsession'].includes(language)) unknown.push(`${path}:${line}`);
    }
  }
  expect(unknown).toEqual([]);
});
