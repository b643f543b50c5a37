// pnpm bench nodes [--chains 1600] [--buckets 16] [--latency-ms 100] [--waiting-chains 800] [--waiting-latency-ms 500]:
// measures how much faster two nodes on one PostgreSQL database import small chains from many buckets of a slow service
// than one node does. Measures it again with a service so slow that the nodes mostly wait, since two nodes on a machine
// that one of them keeps busy show nothing. 0 chains leave a part out.
import { parseArgs } from 'node:util';
import { measureNodes } from './measure-nodes.ts';
import { report } from './report.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    chains: { type: 'string', default: '1600' },
    buckets: { type: 'string', default: '16' },
    'latency-ms': { type: 'string', default: '100' },
    'waiting-chains': { type: 'string', default: '800' },
    'waiting-latency-ms': { type: 'string', default: '500' },
  },
});
const measure = async (chains: string, latencyMs: string) =>
  chains === '0'
    ? []
    : await measureNodes({ chains: Number(chains), buckets: Number(values.buckets), latencyMs: Number(latencyMs) });
await report({
  'two nodes': () => measure(values.chains, values['latency-ms']),
  'two nodes that mostly wait': () => measure(values['waiting-chains'], values['waiting-latency-ms']),
});
