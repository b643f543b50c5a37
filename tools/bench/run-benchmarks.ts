import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Row } from './figure.ts';

/** The benchmarks in the order in which all are run. Each is a file in this folder. */
export const benchmarkNames: readonly string[] = [
  ...[
    'accept',
    'imports',
    'nodes',
    'catalogue',
    'listings',
    'proof',
    'restic',
    'client',
    'start',
    'source-runs',
    'refusals',
    'images',
  ],
  'load',
];

/** A benchmark by its file in this folder, with its options. */
export type BenchmarkRun = { readonly name: string; readonly options: readonly string[] };

/**
 * Runs benchmarks one after another, each in its own process, and returns their rows. What they print goes to standard
 * error. A benchmark that ends with an error and has no row about it gets one.
 */
export async function runBenchmarks(runs: readonly BenchmarkRun[]): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const { name, options } of runs) {
    process.stderr.write(`\n${['pnpm bench', name, ...options].join(' ')}\n`);
    const child = fork(join(import.meta.dirname, `${name}.ts`), options, {
      execArgv: ['--conditions=@backup-sync/source'],
      stdio: ['ignore', process.stderr.fd, process.stderr.fd, 'ipc'],
    });
    const sent: Row[] = [];
    child.on('message', (measured) => sent.push(...(measured as readonly Row[])));
    const [[code, signal]] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
    rows.push(...sent);
    if (code !== 0 && !sent.some((row) => 'failure' in row)) {
      rows.push({ name, failure: `ended with ${signal ?? `exit code ${code}`}` });
    }
  }
  return rows;
}
