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

describe('troubleshooting has one entry for each code, with what the code has:', () => {
  const entries = async (page: string) =>
    Array.from(
      (await read(`docs/troubleshooting/${page}.md`)).matchAll(/^## (\S+)\n\n(`.*)$/gm),
      ([, code, facts]) => `${code}: ${facts}`,
    ).sort();

  test('the number of a reason, and who retries', async () => {
    const wanted = reasonCodes.map(
      (code) => `${code}: \`${reasons[code].number}\` · retry: \`${reasons[code].retry}\``,
    );
    expect(await entries('reasons')).toEqual(wanted.sort());
  });

  test('the number of an error, its HTTP status and its exit code', async () => {
    const wanted = errorCodes.map((code) => {
      const { number, httpStatus, exitCode } = errors[code];
      return `${code}: \`${number}\` · HTTP ${httpStatus} · exit code ${exitCode}`;
    });
    expect(await entries('errors')).toEqual(wanted.sort());
  });
});
