// pnpm bench nodes [--chains 1600] [--buckets 16] [--latency-ms 100]: measures how much faster two nodes on one
// PostgreSQL database import small chains from many buckets of a slow service than one node does.
import { parseArgs } from 'node:util';
import { measureNodes } from './measure-nodes.ts';
import { report } from './report.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    chains: { type: 'string', default: '1600' },
    buckets: { type: 'string', default: '16' },
    'latency-ms': { type: 'string', default: '100' },
  },
});
await report({
  'two nodes': () =>
    measureNodes({
      chains: Number(values.chains),
      buckets: Number(values.buckets),
      latencyMs: Number(values['latency-ms']),
    }),
});
