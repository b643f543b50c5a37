import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

function read(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
}

/** The titles of the tests that run, and of their groups: not what a comment says, nor what is skipped for good. */
function titlesIn(source: string): string[] {
  const code = source.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '');
  // A title is what a callback comes behind, whatever stands before it: `test.each([…])('title', async () => …)`.
  const titled = /(\S*)\(\s*(['"`])((?:\\.|(?!\2)[^\\])*)\2,\s*(?:\{[^}]*\},\s*)?(?:async\s*)?\(/g;
  return Array.from(code.matchAll(titled), ([, called = '', , title = '']) => ({ called, title }))
    .filter(({ called }) => /^(?:test|it|describe)\b|\)$/.test(called) && !/\.(?:skip|todo)$/.test(called))
    .map(({ title }) => title);
}

describe('the titles of a file', () => {
  test('are those of its tests and groups, with tables and conditions', () => {
    const source = `
      describe('a group', () => {
        test(
          "it's one",
          async () => {},
        );
        it.concurrent('another', { timeout: 5 }, async ({ expect }) => {});
        test.each([1, 2])('with %i', (value) => {});
        test.skipIf(process.platform === 'win32')(\`on some\`, () => {});
      });`;
    expect(titlesIn(source)).toEqual(['a group', "it's one", 'another', 'with %i', 'on some']);
  });

  test('are not what a comment, a skipped test or a message says', () => {
    const source = `
      // test('in a comment', () => {});
      /**
       * test('in a docstring', () => {});
       */
      test.skip('skipped', () => {});
      test.todo('to be done');
      expect(value, 'a message').toBe(1);
      cases.set('a case', () => {});`;
    expect(titlesIn(source)).toEqual([]);
  });
});

test('every test that SECURITY.md names exists, and every defence names one', () => {
  const rows = read('SECURITY.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| defended'));
  expect(rows.length).toBeGreaterThan(30);
  for (const row of rows) {
    const [, path = '', name = ''] = /\| `([^`]+)`: (.+) \|$/.exec(row) ?? [];
    expect(path, `names no test: ${row}`).not.toBe('');
    expect(
      titlesIn(read(path)).some((title) => title.includes(name)),
      `${path} has no test: ${name}`,
    ).toBe(true);
  }
});
