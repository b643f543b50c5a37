import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

function read(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
}

test('every test that SECURITY.md names exists, and every defence names one', () => {
  const rows = read('SECURITY.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| defended'));
  expect(rows.length).toBeGreaterThan(30);
  for (const row of rows) {
    const [, path = '', name = ''] = /\| `([^`]+)`: (.+) \|$/.exec(row) ?? [];
    expect(path, `names no test: ${row}`).not.toBe('');
    expect(read(path), path).toContain(name);
  }
});
