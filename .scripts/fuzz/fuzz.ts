// pnpm fuzz [--requests n] [--seed n]: sends made-up requests to a real gateway; ends with 1 where one makes it fail.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fuzzGateway } from './fuzz-gateway.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const seed = Number(values.seed);
process.stdout.write(`seed ${seed}\n`);
const buckets = fileURLToPath(new URL('../../examples/buckets', import.meta.url));
const startedAtMs = performance.now();
const { requests, raw, unanswered, byStatus } = await fuzzGateway({ requests: Number(values.requests), seed, buckets });
const statuses = [...byStatus]
  .toSorted(([one], [other]) => one - other)
  .map(([status, count]) => `${status}: ${count}`);
const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(0);
process.stdout.write(`${requests} requests, ${raw} of them raw bytes, ${unanswered} closed unanswered, ${seconds} s\n`);
process.stdout.write(`${statuses.join(', ')}\n`);
