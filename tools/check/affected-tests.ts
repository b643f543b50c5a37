import { basename } from 'node:path';
import type { ImportGraph } from './import-graph.ts';

/** A test file, and the number of imports from it to the nearest changed file. */
export type AffectedTest = { readonly file: string; readonly distance: number };

const isTest = (file: string) => file.endsWith('.test.ts');

/** Returns the test files that load a changed file, nearest first. A changed test file has distance 0. */
export function affectedTests(graph: ImportGraph, changed: readonly string[]): readonly AffectedTest[] {
  const loadedBy = new Map<string, string[]>();
  for (const [file, loads] of graph) {
    for (const each of loads) loadedBy.set(each, [...(loadedBy.get(each) ?? []), file]);
  }
  const distances = new Map(changed.map((file) => [file, 0]));
  // Iterating over a map includes what is added during the iteration, so this visits files by distance.
  for (const [file, distance] of distances) {
    for (const each of loadedBy.get(file) ?? []) if (!distances.has(each)) distances.set(each, distance + 1);
  }
  return Array.from(distances, ([file, distance]) => ({ file, distance })).filter(
    ({ file }) => isTest(file) && graph.has(file),
  );
}

/**
 * Returns the affected tests to run if there is no time for all. First come those that load a changed file themselves,
 * are named after one, or are among `smoke`. Then come the nearest others that together take at most `budgetMs`. Among
 * equally near ones, those in the folder of a changed package come first, then short ones. `durationMs` returns how
 * long a file takes.
 */
export function nearestWithin(
  affected: readonly AffectedTest[],
  changed: readonly string[],
  {
    smoke,
    budgetMs,
    durationMs,
  }: { readonly smoke: readonly string[]; readonly budgetMs: number; readonly durationMs: (file: string) => number },
): readonly string[] {
  const names = changed.map(nameOf);
  const packages = new Set(changed.map(packageOf));
  const isNamedAfter = (file: string) =>
    names.some((name) => nameOf(file) === name || nameOf(file).startsWith(`${name}-`));
  const places = affected.map(({ file, distance }) => ({
    file,
    distance: distance <= 1 || smoke.includes(file) || isNamedAfter(file) ? 0 : distance,
    isElsewhere: packages.has(packageOf(file)) ? 0 : 1,
    ms: durationMs(file),
  }));
  const nearestFirst = places.toSorted(
    (one, other) => one.distance - other.distance || one.isElsewhere - other.isElsewhere || one.ms - other.ms,
  );
  const chosen: string[] = [];
  let takenMs = 0;
  for (const { file, distance, ms } of nearestFirst) {
    if (distance > 0) {
      if (takenMs + ms > budgetMs) continue;
      takenMs += ms;
    }
    chosen.push(file);
  }
  return chosen;
}

/** The first two folders, such as `packages/core`. */
function packageOf(file: string): string {
  return file.split('/').slice(0, 2).join('/');
}

function nameOf(file: string): string {
  return basename(file).replace(/(?:\.test)?\.m?[jt]s$/, '');
}
