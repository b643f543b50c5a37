// pnpm fuzz [--requests n] [--proofs n] [--rounds n] [--seed n]: sends generated requests to a real gateway,
// proves backups over changed buckets, and takes such buckets through a real engine in rounds of scan, sync and
// verification. Exits 1 if anything fails.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fuzzEngine } from './fuzz-engine.ts';
import { fuzzGateway } from './fuzz-gateway.ts';
import { fuzzStorage } from './fuzz-storage.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '100000' },
    proofs: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const seed = Number(values.seed);
process.stdout.write(`seed ${seed}\n`);
const buckets = fileURLToPath(new URL('../../examples/buckets', import.meta.url));
let startedAtMs = performance.now();
const { requests, raw, letIn, unanswered, byStatus } = await fuzzGateway({
  requests: Number(values.requests),
  seed,
  buckets,
});
const statuses = [...byStatus]
  .toSorted(([one], [other]) => one - other)
  .map(([status, count]) => `${status}: ${count}`);
process.stdout.write(
  `${requests} requests, ${raw} of them raw bytes, ${letIn} admitted by their signature, ${unanswered} closed without an answer, ${seconds()} s\n`,
);
process.stdout.write(`${statuses.join(', ')}\n`);

startedAtMs = performance.now();
const { proofs, found, whole } = await fuzzStorage({ proofs: Number(values.proofs), seed });
const levels = [...found].map(([level, count]) => `${level}: ${count}`).join(', ');
process.stdout.write(`${proofs} proofs over changed buckets, ${seconds()} s; found by ${levels}; whole: ${whole}\n`);

startedAtMs = performance.now();
const { rounds, proved } = await fuzzEngine({ rounds: Number(values.rounds), seed });
process.stdout.write(`${rounds} rounds through the engine, ${seconds()} s; proved: ${proved}\n`);

function seconds(): string {
  return ((performance.now() - startedAtMs) / 1000).toFixed(0);
}
