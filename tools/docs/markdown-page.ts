import { readFile } from 'node:fs/promises';
import { slug } from 'github-slugger';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { toString as textOf } from 'mdast-util-to-string';
import { visit } from 'unist-util-visit';

/** A fenced code block of a page. */
export type CodeBlock = {
  /** Language after the fence, such as `console`; empty if there is none. */
  readonly language: string;
  /** Words after the language, such as `exits=3` or `file=backups.csv`. A reader of the rendered page does not see them. */
  readonly meta: ReadonlyMap<string, string>;
  readonly text: string;
  /** Number of the first line of the text in the page, from 1. */
  readonly line: number;
  /** Number of spaces before each line, in a list. */
  readonly indent: number;
};

export type Link = { readonly url: string; readonly line: number };

export type Page = {
  readonly text: string;
  readonly blocks: readonly CodeBlock[];
  /** Links and pictures. */
  readonly links: readonly Link[];
  /** The anchors of a page: its headings in the form that GitHub uses after `#` in links. */
  readonly anchors: ReadonlySet<string>;
};

export async function readPage(path: string): Promise<Page> {
  return parsePage(await readFile(path, 'utf8'));
}

export function parsePage(text: string): Page {
  const root = fromMarkdown(text);
  const blocks: CodeBlock[] = [];
  const links: Link[] = [];
  visit(root, (node) => {
    const { line = 1, column = 1 } = node.position?.start ?? {};
    if (node.type === 'code') {
      const meta = parseMeta(node.meta ?? '');
      blocks.push({ language: node.lang ?? '', meta, text: node.value, line: line + 1, indent: column - 1 });
    } else if (node.type === 'link' || node.type === 'image' || node.type === 'definition') {
      links.push({ url: node.url, line });
    }
  });
  return { text, blocks, links, anchors: anchorsOf(root) };
}

/** `exits=3 not-run="needs a Mac"` as a map; a word without a value has the value "". */
function parseMeta(meta: string): Map<string, string> {
  const words = meta.matchAll(/([^\s=]+)(?:=(?:"([^"]*)"|(\S+)))?/g);
  return new Map(Array.from(words, ([, name = '', quoted, plain]) => [name, quoted ?? plain ?? '']));
}

function anchorsOf(root: ReturnType<typeof fromMarkdown>): Set<string> {
  const anchors = new Set<string>();
  visit(root, 'heading', (heading) => {
    anchors.add(slug(textOf(heading)));
  });
  return anchors;
}
