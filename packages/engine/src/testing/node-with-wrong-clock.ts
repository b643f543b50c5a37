/**
 * A working node on a machine whose clock is wrong. Arguments: `<database> <storage> <secret key> <milliseconds ahead>`. It
 * prints notices and faults, prints `works` once it does, and stops at the end of its input.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { parseDatabaseAddress } from '../catalogue/postgres/database-address.ts';
import { logEvents } from '../log-events.ts';
import { openClusterEngine } from '../open-cluster-engine.ts';

const [url = '', storage = '', secretKey = '', aheadMs = ''] = process.argv.slice(2);
const tell = (line: string) => writeSync(1, `${line}\n`);
const rightNowMs = Date.now;
Date.now = () => rightNowMs() + Number(aheadMs);
await using _node = await openClusterEngine({
  database: parseDatabaseAddress(url, 'the test'),
  storage,
  secretKey,
  serves: false,
  works: true,
  onFault: (place, error) => tell(`${place}: ${error}`),
  log: (event, text) => {
    if (logEvents[event].level === 'warn') tell(text);
  },
});
tell('works');
await once(process.stdin.resume(), 'end');
