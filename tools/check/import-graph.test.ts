import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../apps/cli/src/testing.ts';
import { readImportGraph } from './import-graph.ts';

const sources = {
  'a/one.ts': `import { b } from './two.ts';\nimport type { T } from './types.ts';\nexport { c } from '../c.ts';\n`,
  'a/two.ts': `import {\n  type T,\n  x,\n} from '@scope/library';\nconst late = () => import('../c.ts');\n`,
  'a/types.ts': `import '../c.ts';\nexport type { U } from './one.ts';\nimport { join } from 'node:path';\n`,
  'c.ts': `startThread(import.meta.url, 'worker');\nnew URL('./dist/main.js', import.meta.url);\n// import { no } from './a/one.ts';\n`,
  'library/index.ts': '',
  'worker.ts': '',
  'src/main.ts': '',
  'notes.md': '',
};

test('a file loads its imports, except those of types, and the threads and programs that it starts', async () => {
  await using home = await temporaryDirectory();
  for (const [file, source] of Object.entries(sources)) {
    await mkdir(dirname(join(home.path, file)), { recursive: true });
    await writeFile(join(home.path, file), source);
  }
  const packages = new Map([['@scope/library', 'library/index.ts']]);
  const graph = await readImportGraph(home.path, Object.keys(sources), packages);
  expect(Object.fromEntries(Array.from(graph, ([file, loads]) => [file, [...loads]]))).toEqual({
    'a/one.ts': ['a/two.ts', 'c.ts'],
    'a/two.ts': ['library/index.ts', 'c.ts'],
    'a/types.ts': ['c.ts'],
    'c.ts': ['worker.ts', 'src/main.ts'],
    'library/index.ts': [],
    'worker.ts': [],
    'src/main.ts': [],
  });
});
