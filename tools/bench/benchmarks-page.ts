import { type Row, tableOf } from './figure.ts';
import type { Machine } from './machine.ts';

/** A run of all benchmarks. */
export type BenchmarksRun = {
  /** When it began, in ISO 8601. */
  readonly measuredAt: string;
  readonly machine: Machine;
  readonly rows: readonly Row[];
};

const begin = '<!-- figures: written by "pnpm bench --docs" -->';
const end = '<!-- end of figures -->';

/** Replaces the figures on the page of the benchmarks by those of a run, and returns the page. */
export function withFigures(page: string, { measuredAt, machine, rows }: BenchmarksRun): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`the page has no lines "${begin}" and "${end}"`);
  const { cpu, cores, memoryGiB, node, postgres } = machine;
  const where = `${cores} ${cores === 1 ? 'core' : 'cores'} of ${cpu}, ${memoryGiB} GiB of memory, Node ${node}, PostgreSQL ${postgres}`;
  const figures = `Measured on ${measuredAt.slice(0, 10)}: ${where}.\n\n${tableOf(rows)}`;
  return `${page.slice(0, from)}${begin}\n\n${figures}\n\n${page.slice(to)}`;
}
