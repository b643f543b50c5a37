// pnpm run pairs [--only text] [--from 1]: runs every pair of steps that share a table at the same time, on a real
// PostgreSQL, in every order in which one can overtake the other. Exits 1 if an outcome is none that one order of the
// two has. `--from` continues with the pair of that number, which stays the same while the steps do.
import { parseArgs } from 'node:util';
import { PairTrials } from '../../packages/engine/src/testing/step-pairs/pair-trials.ts';

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, from: { type: 'string', default: '1' } },
});
const skipped = Number(values.from) - 1;
const startedAtMs = performance.now();
const trials = await PairTrials.open();
const pairs = (await trials.pairs()).filter((pair) => pair.some(({ name }) => name.includes(values.only)));
let wrong = 0;
for (const [index, pair] of pairs.entries()) {
  if (index < skipped) continue;
  const faults = await trials.findFaults(pair);
  if (faults.length > 0) wrong += 1;
  for (const fault of faults) process.stdout.write(`${fault}\n\n`);
  if ((index + 1) % 100 === 0) report(index + 1);
}
report(pairs.length);
const deadlocks = await trials.deadlocks();
process.stdout.write(
  `${wrong} of ${pairs.length - skipped} pairs went wrong; PostgreSQL ended ${deadlocks} deadlocks\n`,
);
await trials[Symbol.asyncDispose]();
process.exit(wrong === 0 ? 0 : 1);

function report(done: number): void {
  const seconds = Math.round((performance.now() - startedAtMs) / 1000);
  process.stdout.write(`${done} of ${pairs.length} pairs, ${trials.trials} runs, ${seconds} s\n`);
}
