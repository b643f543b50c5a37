import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../../apps/cli/src/testing.ts';
import { emptyListings, notOffered } from '../../apps/gateway/src/cbr-calls.ts';

test('the REST page names every call of CBR that is not offered, and every list that is empty', async () => {
  const page = await readFile(join(repositoryRoot, 'docs/reference/rest.md'), 'utf8');
  const lists = emptyListings.map(({ path }) => ({ method: 'GET', path }));
  const unnamed = [...notOffered, ...lists].filter(({ method, path }) => !page.includes(`\`${method} ${path}\``));
  expect(unnamed).toEqual([]);
});
