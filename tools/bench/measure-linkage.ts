// Measures a plain loop over the block hashes of a generated chain and the chain's proof to linkage, in turn, and prints
// the result as JSON. It is a separate process, so that the peak memory is its own. The plain loop has a process for
// each of the two files.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { type ChainSize, linksOf, pathOf } from './generated-chain.ts';
import type { Cost, LinkageCosts } from './linkage.ts';
import { proveGeneratedChain } from './prove-generated-chain.ts';

// As the command does.
setFlagsFromString('--semi-space-growth-factor=1');

const { values } = parseArgs({
  options: { directory: { type: 'string' }, size: { type: 'string' }, pairs: { type: 'string' } },
});
const directory = values.directory ?? '';
const size: ChainSize = JSON.parse(values.size ?? '');

async function startReader(path: string): Promise<ChildProcess> {
  const reader = fork(join(import.meta.dirname, 'plain-reader.ts'), [path]);
  await once(reader, 'message');
  return reader;
}

/** Returns the seconds of CPU. */
async function read(reader: ChildProcess): Promise<number> {
  const answer = once(reader, 'message');
  reader.send('read');
  const [cpuSeconds] = await answer;
  return cpuSeconds;
}

async function costOf(work: () => Promise<number>): Promise<Cost> {
  const startedAtMs = performance.now();
  const cpu = await work();
  return { passed: (performance.now() - startedAtMs) / 1000, cpu };
}

const readers = await Promise.all(linksOf(size).map((link) => startReader(pathOf(directory, link, '_sha256file'))));
const [plain, proof]: [Cost[], Cost[]] = [[], []];
for (let pair = 0; pair <= Number(values.pairs); pair += 1) {
  plain.push(
    await costOf(async () => {
      const cpu = await Promise.all(readers.map(read));
      return cpu.reduce((sum, seconds) => sum + seconds, 0);
    }),
  );
  proof.push(
    await costOf(async () => {
      const before = process.cpuUsage();
      await proveGeneratedChain(directory, size);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1e6;
    }),
  );
}
for (const reader of readers) reader.disconnect();
// The first pair is left out: a server has compiled its code long ago.
const costs: LinkageCosts = {
  plain: plain.slice(1),
  proof: proof.slice(1),
  peakMiB: process.resourceUsage().maxRSS / 1024,
};
process.stdout.write(JSON.stringify(costs));
