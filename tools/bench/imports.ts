// pnpm bench imports [--chains 700] [--links-of-chain 3] [--runs 1]: measures what importing small links from a local
// directory costs, and an unchanged sync of them, compared with a plain loop over the same files.
import { parseArgs } from 'node:util';
import { type LinkCost, measureSmallLinks } from './small-links.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    chains: { type: 'string', default: '700' },
    'links-of-chain': { type: 'string', default: '3' },
    runs: { type: 'string', default: '1' },
  },
});

const text = ({ linksPerSecond, cpuMsPerLink }: LinkCost) =>
  `${linksPerSecond.toFixed(0)} links/s, ${cpuMsPerLink.toFixed(2)} ms of CPU a link`;

for (let run = 1; run <= Number(values.runs); run += 1) {
  const { links, plain, first, unchanged } = await measureSmallLinks(
    Number(values.chains),
    Number(values['links-of-chain']),
  );
  process.stdout.write(
    `${links} links: plain loop ${text(plain)}; import ${text(first)}; unchanged ${text(unchanged)}\n`,
  );
}
