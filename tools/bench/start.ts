// pnpm bench start [--runs 15] [--setup-runs 5]: measures the start of the built command next to bare node, and
// `npm start -- --once` in a repository that is set up.
import { parseArgs } from 'node:util';
import { measureCommandStart, measureRepeatedSetup } from './measure-start.ts';
import { report } from './report.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: { runs: { type: 'string', default: '15' }, 'setup-runs': { type: 'string', default: '5' } },
});
await report({
  'start of the command': () => measureCommandStart(Number(values.runs)),
  'npm start': () => measureRepeatedSetup(Number(values['setup-runs'])),
});
