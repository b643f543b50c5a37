// pnpm bench accept [--calls 200]: measures how many items a second a built server accepts on SQLite and PostgreSQL,
// next to a batch insert of the rows that it wrote.
import { parseArgs } from 'node:util';
import { measureAccept } from './measure-accept.ts';
import { report } from './report.ts';

const { values } = parseArgs({ args: process.argv.slice(2), options: { calls: { type: 'string', default: '200' } } });
await report({ accept: () => measureAccept(Number(values.calls)) });
