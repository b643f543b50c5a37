import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { repositoryRoot } from '../../apps/cli/src/testing.ts';
import { errorCodes, errors, reasonCodes, reasons } from '../../packages/contracts/src/index.ts';
import { generatedPages } from '../../tools/docs/reference/generated-pages.ts';

const read = (path: string) => readFile(join(repositoryRoot, path), 'utf8');

describe('these pages match the code ("pnpm run docs" writes them):', () => {
  for (const [path, write] of Object.entries(generatedPages)) {
    test(path, async () => {
      expect(await read(path)).toBe(write());
    });
  }
});

describe('troubleshooting has one entry for each code, with its number:', () => {
  const entries = async (page: string) =>
    Array.from(
      (await read(`docs/troubleshooting/${page}.md`)).matchAll(/^## (\S+)\n\n`(\S+?)`/gm),
      ([, code, number]) => `${code} ${number}`,
    ).sort();

  test('reasons', async () => {
    expect(await entries('reasons')).toEqual(reasonCodes.map((code) => `${code} ${reasons[code].number}`).sort());
  });

  test('errors', async () => {
    expect(await entries('errors')).toEqual(errorCodes.map((code) => `${code} ${errors[code].number}`).sort());
  });
});
