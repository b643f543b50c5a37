import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { allClusterFaults } from '../tools/chaos/cluster/faults/all-cluster-faults.ts';
import { allFaults } from '../tools/chaos/faults/all-faults.ts';

const root = join(import.meta.dirname, '..');
const engine = 'packages/engine/src';
const page = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
const inCode = Array.from(page.matchAll(/`([^`\n]+)`/g), ([, code = '']) => code);

/** The first column of the table that comes after this text. */
function firstColumnAfter(text: string): string[] {
  const [table = ''] = page.slice(page.indexOf(text)).match(/(^\|.*\n)+/m) ?? [];
  return Array.from(table.matchAll(/^\| `([^`]+)`/gm), ([, cell = '']) => cell);
}

test('every file and folder that CONTRIBUTING.md names exists, in the root or in the engine', () => {
  const paths = inCode.filter((code) => /^[^ ]+(?:\/|\.(?:ts|md|json|yaml))$|^\.ci\//.test(code));
  expect(paths.length).toBeGreaterThan(40);
  // A placeholder such as `<noun>` stands for any name.
  const found = (path: string) => globSync(path.replaceAll(/<[^>]+>/g, '*').replace(/\/$/, ''), { cwd: root });
  const missing = paths.filter(
    (path) => [path, `${engine}/${path}`, `${engine}/calls/${path}`, `${engine}/*/${path}`].flatMap(found).length === 0,
  );
  expect(missing).toEqual([]);
});

test('every script that CONTRIBUTING.md names exists', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  const named = inCode.flatMap((code) => /^(?:npx )?p?npm (?:--silent )?(?:run )?([\w:-]+)/.exec(code)?.[1] ?? []);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((script) => !(script in scripts))).toEqual([]);
  const benchmarks = inCode.flatMap((code) => /^pnpm run bench ([\w-]+)$/.exec(code)?.[1] ?? []);
  expect(benchmarks.filter((name) => globSync(`tools/bench/${name}.ts`, { cwd: root }).length === 0)).toEqual([]);
});

test('CONTRIBUTING.md lists the faults and the options of the chaos run', () => {
  expect(firstColumnAfter('## The chaos run')).toEqual(allFaults.map(({ kind }) => kind));
  expect(firstColumnAfter('`pnpm run chaos --cluster`')).toEqual(allClusterFaults.map(({ kind }) => kind));
  const program = readFileSync(join(root, 'tools/chaos/chaos.ts'), 'utf8');
  const options = Array.from(program.matchAll(/^ {4}(\w+): \{ type:/gm), ([, name]) => `--${name}`);
  expect(firstColumnAfter('| option |').toSorted()).toEqual(options.toSorted());
});

test('a folder of the engine imports only from the folders below it in CONTRIBUTING.md', () => {
  const folders = firstColumnAfter('## Folders of the engine').map((folder) => folder.replace('/', ''));
  const inFolders = globSync('*/', { cwd: join(root, engine) }).map((folder) => folder.replace('/', ''));
  expect([...folders, 'testing'].toSorted()).toEqual(inFolders.toSorted());
  const isShipped = (file: string) => !/\.test\.ts$|conformance/.test(file);
  const upwards = folders.flatMap((folder, index) =>
    globSync(`${folder}/**/*.ts`, { cwd: join(root, engine) })
      .filter(isShipped)
      .flatMap((file) => importsOf(file).map((imported) => ({ file, imported })))
      .filter(({ imported }) => {
        const to = folders.indexOf(imported.split('/')[0] ?? '');
        return to !== -1 && to < index;
      }),
  );
  expect(upwards).toEqual([]);
});

/** The files that a file of the engine imports, types included, relative to the engine's sources. */
function importsOf(file: string): string[] {
  const source = readFileSync(join(root, engine, file), 'utf8');
  return Array.from(source.matchAll(/\bfrom '(\.[^']+)'/g), ([, path = '']) => normalize(join(dirname(file), path)));
}
