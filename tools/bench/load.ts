// pnpm bench load [--minutes 1] [--items 100000] [--records 1000000] [--objects 200000] [--replay-mib 1024]
// [--latency-seconds 20] [--rounds 1] [--sample-seconds 10] [--home <directory>]: measures a built server on a busy
// day. First the latency of a POST during nothing, a list of that many records, a scan of that many objects and a
// replay, in turn, `--rounds` times. Then `--items` are accepted and imported. Then everything happens at once for
// `--minutes`. Each part has a fresh server, and the last two print its resident memory over time. 0 leaves a part out.
// A home is kept, and what was generated in it is used again for the same numbers.
import { parseArgs } from 'node:util';
import { type Load, measureLoad } from './measure-load.ts';
import { report } from './report.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    minutes: { type: 'string', default: '1' },
    items: { type: 'string', default: '100000' },
    records: { type: 'string', default: '1000000' },
    objects: { type: 'string', default: '200000' },
    'replay-mib': { type: 'string', default: '1024' },
    'latency-seconds': { type: 'string', default: '20' },
    rounds: { type: 'string', default: '1' },
    'sample-seconds': { type: 'string', default: '10' },
    home: { type: 'string' },
  },
});

const print = (line: string) => process.stdout.write(`${line}\n`);
const load: Load = {
  records: Number(values.records),
  objects: Number(values.objects),
  replayMiB: Number(values['replay-mib']),
  latencySeconds: Number(values['latency-seconds']),
  rounds: Number(values.rounds),
  items: Number(values.items),
  busySeconds: 60 * Number(values.minutes),
  sampleSeconds: Number(values['sample-seconds']),
  ...(values.home !== undefined && { home: values.home }),
};
await report({ load: () => measureLoad(print, load) });
