// pnpm bench catalogue [--records 1000000] [--rounds 40]: measures calls of a built server with this many backups in its
// catalogue, on SQLite and PostgreSQL, next to the same calls with 10,000 backups.
import { parseArgs } from 'node:util';
import { measureCatalogue } from './measure-catalogue.ts';
import { report } from './report.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: { records: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '40' } },
});
await report({ catalogue: () => measureCatalogue(Number(values.records), Number(values.rounds)) });
