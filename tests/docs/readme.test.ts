import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { toString as textOf } from 'mdast-util-to-string';
import { visit } from 'unist-util-visit';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../../apps/cli/src/testing.ts';
import { parsePage } from '../../tools/docs/markdown-page.ts';

const wordsMax = 500;
const codeLinesMax = 60;

const text = await readFile(join(repositoryRoot, 'README.md'), 'utf8');

/** The words that a reader of the rendered page sees outside code blocks. */
function shownWords(markdown: string): readonly string[] {
  const words: string[] = [];
  visit(fromMarkdown(markdown), (node) => {
    if (node.type !== 'paragraph' && node.type !== 'heading') return;
    words.push(...textOf(node, { includeImageAlt: false }).split(/\s+/).filter(Boolean));
  });
  return words;
}

test('only words that a reader sees are counted: no address of a link, no code block, no text of a picture', () => {
  const markdown = '# One\n\n[two three](docs/a.md) `four`\n\n- five\n- six\n\n```sh\nno\n```\n\n![no](a.svg)\n';
  expect(shownWords(markdown)).toEqual(['One', 'two', 'three', 'four', 'five', 'six']);
});

test(`README.md has at most ${wordsMax} words outside code blocks`, () => {
  expect(shownWords(text).length).toBeLessThanOrEqual(wordsMax);
});

test(`the code blocks of README.md have at most ${codeLinesMax} lines`, () => {
  const lines = parsePage(text).blocks.flatMap((block) => block.text.split('\n'));
  expect(lines.length).toBeLessThanOrEqual(codeLinesMax);
});
