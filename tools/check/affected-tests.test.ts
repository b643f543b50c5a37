import { expect, test } from 'vitest';
import { affectedTests, nearestWithin } from './affected-tests.ts';
import type { ImportGraph } from './import-graph.ts';

const graph: ImportGraph = new Map(
  Object.entries({
    'leaf.ts': [],
    'leaf.test.ts': ['leaf.ts'],
    'middle.ts': ['leaf.ts', 'other.ts'],
    'middle.test.ts': ['middle.ts'],
    'top.ts': ['middle.ts'],
    'top.test.ts': ['top.ts', 'middle.ts'],
    'all.test.ts': ['top.ts'],
    'other.ts': [],
    'other.test.ts': ['other.ts'],
  }).map(([file, loads]) => [file, new Set(loads)]),
);

test('tests that load a changed file are affected, nearest first', () => {
  expect(affectedTests(graph, ['leaf.ts'])).toEqual([
    { file: 'leaf.test.ts', distance: 1 },
    { file: 'middle.test.ts', distance: 2 },
    { file: 'top.test.ts', distance: 2 },
    { file: 'all.test.ts', distance: 3 },
  ]);
  expect(affectedTests(graph, ['top.ts', 'other.test.ts']).map(({ file }) => file)).toEqual([
    'other.test.ts',
    'top.test.ts',
    'all.test.ts',
  ]);
  expect(affectedTests(graph, ['README.md', 'removed.test.ts'])).toEqual([]);
});

test('near tests are always chosen, and then the nearest others that fit into the time', () => {
  const changed = ['leaf.ts'];
  const affected = affectedTests(graph, changed);
  const within = (budgetMs: number, durations: Record<string, number> = {}, smoke: readonly string[] = []) =>
    nearestWithin(affected, changed, { smoke, budgetMs, durationMs: (file) => durations[file] ?? 10 });
  expect(within(100)).toEqual(affected.map(({ file }) => file));
  expect(within(15)).toEqual(['leaf.test.ts', 'middle.test.ts']);
  expect(within(5)).toEqual(['leaf.test.ts']);
  expect(within(15, { 'middle.test.ts': 30 })).toEqual(['leaf.test.ts', 'top.test.ts']);
  expect(within(5, {}, ['all.test.ts', 'elsewhere.test.ts'])).toEqual(['leaf.test.ts', 'all.test.ts']);
});

test('among equally near tests, tests of a changed package come first, then short ones', () => {
  const affected = ['apps/cli/a.test.ts', 'packages/core/long.test.ts', 'packages/core/short.test.ts'].map((file) => ({
    file,
    distance: 3,
  }));
  const durationMs = (file: string) => (file.includes('long') ? 20 : 10);
  const chosen = nearestWithin(affected, ['packages/core/b.ts'], { smoke: [], budgetMs: 100, durationMs });
  expect(chosen).toEqual(['packages/core/short.test.ts', 'packages/core/long.test.ts', 'apps/cli/a.test.ts']);
});

test('a test that is named after a changed file is near, however many imports are between', () => {
  const affected = [
    { file: 'far.test.ts', distance: 2 },
    { file: 'scan-progress.test.ts', distance: 6 },
    { file: 'scans.test.ts', distance: 6 },
  ];
  const chosen = nearestWithin(affected, ['commands/scan.ts'], { smoke: [], budgetMs: 0, durationMs: () => 10 });
  expect(chosen).toEqual(['scan-progress.test.ts']);
});
