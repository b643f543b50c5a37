import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../../apps/cli/src/testing.ts';
import { allPages } from './all-pages.ts';

const paths = await Array.fromAsync(glob('{apps,packages}/*/src/**/*.ts', { cwd: repositoryRoot }));
const code = paths
  .filter((path) => !/testing|\.test\.ts$/.test(path))
  .map((path) => readFileSync(join(repositoryRoot, path), 'utf8'))
  .join('\n');

/** The parts of the messages in tables of messages. `…` stands for a value, a single word for no message. */
function messagesIn(page: string): readonly string[] {
  const tables = page.matchAll(/^\| (?:message|what you see) \|.*\n(?:\|.*\n)*/gm);
  const rows = Array.from(tables).flatMap(([table]) => table.trimEnd().split('\n').slice(2));
  const quoted = rows.flatMap((row) => Array.from((row.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)));
  return quoted
    .flatMap(([, message = '']) => message.split('…'))
    .map((part) => part.trim())
    .filter((part) => part.includes(' '));
}

test('messages are found in tables, without values and single words', () => {
  const page = '| message | what to do |\n|---|---|\n| `… is in use` or `doctor` | `not this one` |\n\n`nor this`\n';
  expect(messagesIn(page)).toEqual(['is in use']);
});

test('every message in a table of messages occurs in the code', async () => {
  const found = [...(await allPages())].flatMap(([path, { text }]) =>
    messagesIn(text).map((message) => ({ path, message })),
  );
  expect(found.length).toBeGreaterThan(10);
  expect(found.filter(({ message }) => !code.includes(message))).toEqual([]);
});
