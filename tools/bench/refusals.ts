// pnpm bench refusals [--rounds 3000] [--passwords 60]: measures whether the time of a refusal reveals its reason, with
// a real gateway over loopback: invalid tokens, signatures and passwords, each for several reasons.
import { parseArgs } from 'node:util';
import type { Figure } from './figure.ts';
import { measureRefusals } from './measure-refusals.ts';
import { prepareRefusals } from './refusal-cases.ts';
import { report } from './report.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: { rounds: { type: 'string', default: '3000' }, passwords: { type: 'string', default: '60' } },
});

const print = (line: string) => process.stdout.write(`${line}\n`);

async function measureAll(): Promise<readonly Figure[]> {
  await using refusals = await prepareRefusals();
  const figures: Figure[] = [];
  for (const group of refusals.groups) {
    const rounds = Number(group.title === 'passwords' ? values.passwords : values.rounds);
    figures.push(await measureRefusals(refusals.gateway.endpoint, group, rounds, print));
  }
  return figures;
}

await report({ refusals: measureAll });
