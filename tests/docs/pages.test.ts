import { describe, expect, test } from 'vitest';
import { runPage } from '../../tools/docs/run-page.ts';
import { allPages } from './all-pages.ts';

const pages = [...(await allPages())].filter(([path]) => path === 'README.md' || path.startsWith('docs/'));

/** A page has up to dozens of commands, and a busy machine starts each slowly. The shell limits every single command. */
const timeoutMs = 240_000;

describe.concurrent('the commands of', () => {
  for (const [path, page] of pages) {
    test(`${path} print what the page shows`, { timeout: timeoutMs }, async ({ expect }) => {
      const { discrepancies } = await runPage(page);
      expect(discrepancies.map(({ line, message }) => `${path}:${line}: ${message}`)).toEqual([]);
    });
  }
});

test('no page has commands in a block that is not run', () => {
  const unknown = pages.flatMap(([path, { blocks }]) =>
    blocks
      .filter(({ language }) => ['sh', 'shell', 'bash', 'shellsession'].includes(language))
      .map(({ line }) => `${path}:${line}`),
  );
  expect(unknown).toEqual([]);
});
