// pnpm chaos [--cluster] [--rounds n] [--seed n] [--outage seconds] [--fault kind] [--from round] [--keep]: runs a real
// server, or a cluster of nodes on PostgreSQL, through rounds of one fault each, and checks the promises of the
// documentation after each. Exits 1 if a promise was broken.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openClusterWorld } from './cluster/cluster-world.ts';
import { allClusterFaults } from './cluster/faults/all-cluster-faults.ts';
import { allFaults } from './faults/all-faults.ts';
import type { Fault } from './faults/fault.ts';
import { type RunCounts, runRounds } from './run-rounds.ts';
import { openServerWorld } from './server-world.ts';
import type { World } from './world.ts';

// Each round starts several processes. With compiled code in a cache, they take a third of the time.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url));

const { values } = parseArgs({
  options: {
    cluster: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    outage: { type: 'string', default: '5' },
    fault: { type: 'string' },
    from: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
  },
});
const [seed, from, rounds] = [whole('seed', 0), whole('from', 1), whole('rounds', 1)];
const outageMs = whole('outage', 1) * 1000;
const print = (line: string) => process.stdout.write(`${line}\n`);

const stopping = new AbortController();
process.on('SIGINT', () => {
  if (stopping.signal.aborted) process.exit(130);
  print('stopping after this round; press Ctrl-C again to stop immediately');
  stopping.abort();
});
// A second signal must not keep the process from exiting.
process.on('SIGTERM', () => process.exit(143));

const counts = values.cluster ? await run(openClusterWorld, allClusterFaults) : await run(openServerWorld, allFaults);
const next = from + counts.rounds + counts.skipped;
print(`${counts.rounds} rounds, ${counts.failed} failed, ${counts.skipped} skipped`);
if (next < from + rounds)
  print(
    `continue with ${values.cluster ? '--cluster ' : ''}--seed ${seed} --from ${next} --rounds ${from + rounds - next}`,
  );
if (counts.failed > 0) process.exitCode = 1;

async function run<Here extends World>(
  openWorld: () => Promise<Here>,
  all: readonly Fault<Here>[],
): Promise<RunCounts> {
  const faults = all.filter(({ kind }) => values.fault === undefined || kind === values.fault);
  if (faults.length === 0) {
    throw new Error(`there is no fault "${values.fault}": ${all.map(({ kind }) => kind).join(', ')}`);
  }
  const { signal } = stopping;
  return await runRounds({ openWorld, seed, from, rounds, outageMs, faults, keep: values.keep, signal, print });
}

function whole(name: 'seed' | 'from' | 'rounds' | 'outage', least: number): number {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < least) throw new Error(`--${name} must be a whole number, at least ${least}`);
  return value;
}
