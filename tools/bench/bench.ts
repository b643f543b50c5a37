// pnpm bench <name> [options]: runs a benchmark. Each is a file in this folder, with its options in the first lines.
// pnpm bench [--minutes 5] [--json <file>] [--docs]: runs all of them one after another, and prints their figures as JSON
// (to standard output or a file) and as a table. `--minutes` is for the busy day of `load`. `--docs` also writes the
// figures into docs/reference/benchmarks.md. Exits 1 if something could not be measured.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { withFigures } from './benchmarks-page.ts';
import { tableOf } from './figure.ts';
import { describeMachine } from './machine.ts';
import { exitWith } from './report.ts';
import { benchmarkNames, runBenchmarks } from './run-benchmarks.ts';

const page = join(import.meta.dirname, '..', '..', 'docs', 'reference', 'benchmarks.md');

async function runAll(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '5' },
      json: { type: 'string' },
      docs: { type: 'boolean', default: false },
    },
  });
  const runs = benchmarkNames.map((name) => ({ name, options: name === 'load' ? ['--minutes', values.minutes] : [] }));
  const measuredAt = new Date().toISOString();
  const machine = await describeMachine();
  const rows = await runBenchmarks(runs);
  const json = `${JSON.stringify({ measuredAt, machine, figures: rows }, null, 2)}\n`;
  if (values.json === undefined) process.stdout.write(json);
  else await writeFile(values.json, json);
  process.stderr.write(`\n${tableOf(rows)}\n`);
  if (values.docs) await writeFile(page, withFigures(await readFile(page, 'utf8'), { measuredAt, machine, rows }));
  exitWith(rows);
}

const [name, ...options] = process.argv.slice(2);
if (name === undefined || name.startsWith('-')) await runAll(process.argv.slice(2));
else if (benchmarkNames.includes(name)) {
  process.argv = [...process.argv.slice(0, 2), ...options];
  await import(`./${name}.ts`);
} else {
  process.stderr.write(`pnpm bench <name>: one of ${benchmarkNames.join(', ')}; without a name, all of them\n`);
  process.exitCode = 1;
}
