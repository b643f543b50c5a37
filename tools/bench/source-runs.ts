// pnpm bench source-runs [--backups 10000]: counts the requests that runs of a source make to
// storage, over this many backups of each format.
import { parseArgs } from 'node:util';
import { printRunRequests } from './run-requests.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: { backups: { type: 'string', default: '10000' } },
});
await printRunRequests((line) => process.stdout.write(`${line}\n`), Number(values.backups));
