import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../../apps/cli/src/testing.ts';
import { allPages } from './all-pages.ts';

const pages = await allPages();

/** A relative link as a path from the root, and the anchor in that page. */
function target(from: string, url: string): { readonly path: string; readonly anchor: string } {
  const [path = '', anchor = ''] = url.split('#');
  return { path: path === '' ? from : normalize(join(dirname(from), decodeURI(path))), anchor };
}

const isExternal = (url: string) => /^[a-z]+:/.test(url);

test('every link in a page leads to an existing file and heading', () => {
  const broken = [...pages].flatMap(([from, { links }]) =>
    links
      .filter(({ url }) => !isExternal(url))
      .filter(({ url }) => {
        const { path, anchor } = target(from, url);
        if (!existsSync(join(repositoryRoot, path))) return true;
        return anchor !== '' && pages.get(path)?.anchors.has(anchor) !== true;
      })
      .map(({ url, line }) => `${from}:${line}: ${url}`),
  );
  expect(broken).toEqual([]);
});

test('every page of the documentation can be reached from the README', () => {
  const reached = new Set<string>();
  const follow = (path: string): void => {
    const page = pages.get(path);
    if (page === undefined || reached.has(path)) return;
    reached.add(path);
    for (const { url } of page.links) if (!isExternal(url)) follow(target(path, url).path);
  };
  follow('README.md');
  expect([...pages.keys()].filter((path) => !reached.has(path))).toEqual([]);
});
