import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { visit } from 'unist-util-visit';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../../apps/cli/src/testing.ts';
import { allPages } from './all-pages.ts';

const paths = await Array.fromAsync(glob('{apps,packages}/*/src/**/*.ts', { cwd: repositoryRoot }));
/** Without comments, which nobody is shown. */
const code = paths
  .filter((path) => !/testing|\.test\.ts$/.test(path))
  .map((path) => readFileSync(join(repositoryRoot, path), 'utf8'))
  .join('\n')
  .replaceAll(/^\s*(?:\/\*|\*|\/\/).*$/gm, '');

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

/** What the product says elsewhere in a page: in double quotes, or as code of four words or more. */
function quotedIn(page: string): readonly string[] {
  const quoted: string[] = [];
  visit(fromMarkdown(page), (node) => {
    if (node.type === 'inlineCode' && /^(?!openstack )[a-zA-Z]+(?: [\w'(),:;]+){3,}$/.test(node.value))
      quoted.push(node.value);
    if (node.type !== 'text') return;
    for (const [, text = ''] of node.value.matchAll(/"([^"]+)"/g)) quoted.push(text.replaceAll(/\s+/g, ' '));
  });
  return quoted.flatMap((text) => text.split('…')).map((part) => part.trim().replace(/[.,]$/, ''));
}

test('what a page quotes is found in its text, and is not a command', () => {
  const page = 'It says "not\nfound", or `the key is wrong`.\n\n- `two words`\n- `ls --all`\n\n```json\n"a b"\n```\n';
  expect(quotedIn(page)).toEqual(['not found', 'the key is wrong']);
});

test('what a page quotes from the product is a text of the code', async () => {
  const found = [...(await allPages())]
    .filter(([path]) => /^docs\/(?:how-to|troubleshooting)\//.test(path))
    .flatMap(([path, { text }]) => quotedIn(text).map((message) => ({ path, message })));
  expect(found.length).toBeGreaterThan(10);
  expect(found.filter(({ message }) => !code.includes(message))).toEqual([]);
});

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
