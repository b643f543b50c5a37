// pnpm bench client [--backups 10000] [--latency-ms 50] [--stream 1000000] [--piped 50000] [--runs 3]: measures the
// cost of syncing through core, next to a loop that makes one call after another, and to 32 such loops side by side,
// which make as many calls at once as core and check nothing. An array is checked as a whole before the first call, an
// async iterable while it is read. Also measures the memory of core, and of the command for `--piped` lines and four
// times as many.
import { parseArgs } from 'node:util';
import { measureMemory } from './cli-memory.ts';
import { measureClient, measureClientMemory, measureClientWithGateway } from './measure-client.ts';
import { report } from './report.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    backups: { type: 'string', default: '10000' },
    'latency-ms': { type: 'string', default: '50' },
    stream: { type: 'string', default: '1000000' },
    piped: { type: 'string', default: '50000' },
    runs: { type: 'string', default: '3' },
  },
});
const syncs = {
  backups: Number(values.backups),
  latencyMs: Number(values['latency-ms']),
  runs: Number(values.runs),
};
const [streamed, piped] = [Number(values.stream), Number(values.piped)];
await report({
  'client and a server that only answers': () => measureClient(syncs),
  'client and gateway': () => measureClientWithGateway(syncs),
  'memory of the client': () => measureClientMemory([10_000, streamed]),
  'memory of the command': () => measureMemory(streamed, [piped, 4 * piped]),
});
