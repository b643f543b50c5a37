// pnpm bench source-runs [--backups 10000]: counts the requests that runs of a source make to
// storage, over this many backups of each format.
import { parseArgs } from 'node:util';
import { report } from './report.ts';
import { measureRunRequests } from './run-requests.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: { backups: { type: 'string', default: '10000' } },
});
const print = (line: string) => process.stdout.write(`${line}\n`);
await report({ 'runs of a source': () => measureRunRequests(print, Number(values.backups)) });
