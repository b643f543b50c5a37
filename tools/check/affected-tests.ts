import { basename } from 'node:path';
import type { ImportGraph } from './import-graph.ts';

/** A test file, and how many imports lie between it and the nearest file that has changed. */
export type AffectedTest = { readonly file: string; readonly distance: number };

const isTest = (file: string) => file.endsWith('.test.ts');

/** The test files that load a changed file, nearest first. A changed test file has distance 0. */
export function affectedTests(graph: ImportGraph, changed: readonly string[]): readonly AffectedTest[] {
  const loadedBy = new Map<string, string[]>();
  for (const [file, loads] of graph) {
    for (const each of loads) loadedBy.set(each, [...(loadedBy.get(each) ?? []), file]);
  }
  const distances = new Map(changed.map((file) => [file, 0]));
  // A map goes on to what is added to it meanwhile, so this visits files in the order of their distance.
  for (const [file, distance] of distances) {
    for (const each of loadedBy.get(file) ?? []) if (!distances.has(each)) distances.set(each, distance + 1);
  }
  return Array.from(distances, ([file, distance]) => ({ file, distance })).filter(
    ({ file }) => isTest(file) && graph.has(file),
  );
}

/**
 * The affected tests to run if there is no time for all: those that load a changed file themselves, are named after one,
 * or are among `smoke`; then the nearest that together take at most `budgetMs`. `durationMs` says how long a file takes.
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
  const isNamedAfter = (file: string) =>
    names.some((name) => nameOf(file) === name || nameOf(file).startsWith(`${name}-`));
  const isNear = ({ file, distance }: AffectedTest) => distance <= 1 || smoke.includes(file) || isNamedAfter(file);
  const chosen: string[] = [];
  let takenMs = 0;
  for (const each of [...affected.filter(isNear), ...affected.filter((each) => !isNear(each))]) {
    const ms = durationMs(each.file);
    if (!isNear(each) && takenMs + ms > budgetMs) continue;
    chosen.push(each.file);
    takenMs += ms;
  }
  return chosen;
}

function nameOf(file: string): string {
  return basename(file).replace(/(?:\.test)?\.m?[jt]s$/, '');
}
