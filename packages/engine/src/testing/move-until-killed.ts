/**
 * A process that moves a catalogue, and stands still at one point until it is killed. Arguments: `<data directory>
 * <database url> <step> <news>`. It prints `there` when a step has reported its progress this many times.
 */
import { writeSync } from 'node:fs';
import { moveCatalogue } from '../archive/move-catalogue.ts';

const [from = '', to = '', stepToStop = '', news = ''] = process.argv.slice(2);
let left = Number(news);

await moveCatalogue({
  ...{
    from,
    to,
    toFrom: '--to',
    archive: null,
    secretKey: null,
    command: null,
    release: '0.1.0',
    signal: new AbortController().signal,
  },
  onRows(step) {
    if (step !== stepToStop) return;
    left -= 1;
    if (left > 0) return;
    writeSync(1, 'there\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});
