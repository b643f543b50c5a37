// pnpm bench imports [--chains 700] [--links-of-chain 3] [--slow-chains 10000] [--latency-ms 50]: measures what
// importing small links from a local directory costs, and an unchanged sync of them, next to a plain loop over the same
// files. Then imports chains of three links from a service that takes this long for each request.
import { parseArgs } from 'node:util';
import { report } from './report.ts';
import { measureSlowImports } from './slow-imports.ts';
import { measureSmallLinks } from './small-links.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    chains: { type: 'string', default: '700' },
    'links-of-chain': { type: 'string', default: '3' },
    'slow-chains': { type: 'string', default: '10000' },
    'latency-ms': { type: 'string', default: '50' },
  },
});

await report({
  'imports from a directory': () => measureSmallLinks(Number(values.chains), Number(values['links-of-chain'])),
  'imports from a slow service': () => measureSlowImports(Number(values['slow-chains']), Number(values['latency-ms'])),
});
