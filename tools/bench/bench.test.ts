import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../../apps/cli/src/testing.ts';
import { withFigures } from './benchmarks-page.ts';
import { measureContent } from './content.ts';
import { meetsTarget, tableOf } from './figure.ts';
import { type ChainSize, withChain } from './generated-chain.ts';
import { measureLinkage } from './linkage.ts';
import { benchmarkNames, runBenchmarks } from './run-benchmarks.ts';
import { measureRunRequests } from './run-requests.ts';
import { measureScan } from './scan.ts';
import { measureSmallVerifications } from './small-verifications.ts';

test('the rows of reading data and scanning buckets say what was measured', async () => {
  const lines: string[] = [];
  const print = (line: string) => lines.push(line);
  await measureContent(print, 1, 1);
  await measureScan(print, 1000);
  const text = lines.join('\n');
  for (const compression of ['none', 'zlib']) {
    expect(text).toMatch(
      new RegExp(`${compression}: 1 MiB plain, .*\\n +content \\d+ MiB/s; .*\\n +replay .* \\d+ MiB/s`),
    );
  }
  expect(text).toMatch(/1000 objects, 10 backups found and 10 described in .* objects\/s, peak \d+ MiB/);
});

test('the rows of linkage compare it with a plain loop', async () => {
  const size: ChainSize = { blocks: 1000, fullObjects: 10, incrementObjects: 10 };
  await withChain(size, async (directory) => {
    const figures = await measureLinkage(directory, size, 144_000, 1);
    expect(figures.map(({ name, unit, beside }) => [name, unit, beside?.name])).toEqual([
      ['linkage', 'MB/s', 'plain loop on two cores'],
      ['its CPU', 'ms/GB', 'plain loop'],
      ['its peak memory', 'MiB', undefined],
    ]);
    for (const { value } of figures) expect(value).toBeGreaterThan(0);
  });
});

test('the rows of small links compare their verification with a plain loop', async () => {
  const figures = await measureSmallVerifications({ chains: 1, linksOfChain: 3, objectsOfLink: 2 });
  expect(figures.map(({ name, unit, beside }) => [name, unit, beside?.name])).toEqual([
    ['content of 3 links of 2 small objects', 'links/s', 'plain loop'],
    ['its CPU', 'ms a link', 'plain loop'],
  ]);
  for (const { value } of figures) expect(value).toBeGreaterThan(0);
});

test('the rows of a source say which requests its runs made to storage', async () => {
  const lines: string[] = [];
  await measureRunRequests((line) => lines.push(line), 10);
  const text = lines.join('\n');
  for (const format of ['Cinder, 2 volumes of 5', 'Longhorn, 1 volumes of 100']) {
    const first = String.raw`first: run 1 LIST, \d+ GET, accepts \d+; with its imports \d LIST, \d+ GET; success; .*`;
    const unchanged = 'unchanged: run 1 LIST, 0 GET, accepts 0; with its imports 0 LIST, 0 GET; success; ';
    expect(text).toMatch(new RegExp(`${format} backups, \\d+ objects\n +${first}\n +${unchanged}`));
  }
  expect(text.match(/one object lost: .*; failed; /g)).toHaveLength(2);
});

test('a part or a benchmark that fails has a row that says so, and does not stop the others', {
  // Processes start one after the other, maybe on a slow machine.
  timeout: 300_000,
}, async () => {
  const rows = await runBenchmarks([
    { name: 'source-runs', options: ['--no-such-option'] },
    { name: 'nodes', options: ['--chains', 'none', '--waiting-chains', '0'] },
    { name: 'imports', options: ['--chains', '2', '--slow-chains', 'none'] },
    { name: 'imports', options: ['--chains', '2', '--slow-chains', '3', '--latency-ms', '1'] },
  ]);
  const shown = rows.map((row) => [row.name, 'failure' in row ? row.failure.slice(0, 24) : row.unit]);
  const fromDirectory = [
    ['import of small links from a directory', 'links/s'],
    ['import of small links from a directory: CPU of a link', 'ms'],
    ['a sync of the same links, unchanged', 'links/s'],
    ['a sync of the same links, unchanged: CPU of a link', 'ms'],
  ];
  expect(shown).toEqual([
    ['source-runs', 'ended with exit code 1'],
    ['two nodes', 'status 400: {"error_code'],
    ...fromDirectory,
    ['imports from a slow service', 'status 400: {"error_code'],
    ...fromDirectory,
    ['import of 3 chains of 3 links, 1 ms a request', 's'],
    ['a sync of the same chains, unchanged', 's'],
    ['requests of a sync of the same chains, unchanged', 'requests'],
    ['requests of a scan of the same chains, unchanged', 'requests'],
  ]);
  // An unchanged sync lists each chain, and a scan the bucket, which is one page. Neither reads an object.
  expect(rows.slice(-2).map((row) => 'value' in row && row.value)).toEqual([3, 1]);
});

test('the target of a figure is a share of what is next to it, or a value', () => {
  const figure = { name: 'a scan', value: 30, unit: 's', beside: { name: 'a loop', value: 10 } };
  expect(meetsTarget(figure)).toBeNull();
  expect(meetsTarget({ ...figure, target: { atMost: 3 } })).toBe(true);
  expect(meetsTarget({ ...figure, target: { atMost: 2.9 } })).toBe(false);
  expect(meetsTarget({ ...figure, target: { atLeast: 30, of: 'value' } })).toBe(true);
  expect(meetsTarget({ ...figure, target: { atLeast: 31, of: 'value' } })).toBe(false);
  expect(tableOf([{ ...figure, target: { atMost: 31, of: 'value' } }])).toMatch(
    /\| a scan +\| 30 s +\| a loop: 10 \| 3\.00 +\| at most 31 s \| met +\|$/,
  );
});

test('the page of the benchmarks explains each of them, and gets the figures of a run', async () => {
  const page = await readFile(join(repositoryRoot, 'docs', 'reference', 'benchmarks.md'), 'utf8');
  expect(benchmarkNames.filter((name) => !page.includes(`\n\`${name}\`: `))).toEqual([]);
  const machine = { cpu: 'a CPU', cores: 1, memoryGiB: 8, node: '24.0.0', postgres: '18.0' };
  const row = { name: 'nodes', failure: 'status 500 | no' };
  const written = withFigures(page, { measuredAt: '2026-11-27T10:00:00.000Z', machine, rows: [row] });
  expect(written).toContain('Measured on 2026-11-27: 1 core of a CPU, 8 GiB of memory, Node 24.0.0, PostgreSQL 18.0.');
  expect(written).toMatch(
    /\| nodes +\| status 500 \/ no \| .* \| failed \|\n\n<!-- end of figures -->\n\n## How to read/,
  );
  expect(withFigures(written, { measuredAt: '2026-11-28', machine, rows: [row] })).toBe(
    written.replace('2026-11-27', '2026-11-28'),
  );
});
