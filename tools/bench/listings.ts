// pnpm bench listings [--objects 1000000] [--page-ms 0]: lists a generated bucket over S3 by a scan, which also reads
// the metadata of its backups, by parts of a scan, by a bare loop over the same client, by rclone and by the AWS command line, with this
// many milliseconds for each page.
import { parseArgs } from 'node:util';
import { measureListings } from './measure-listings.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: { objects: { type: 'string', default: '1000000' }, 'page-ms': { type: 'string', default: '0' } },
});
for (const { name, listed, seconds, cpuSeconds, pages, peakMiB } of await measureListings(
  Number(values.objects),
  Number(values['page-ms']),
)) {
  const peak = peakMiB === null ? '' : `, peak ${peakMiB.toFixed(0)} MiB`;
  const took = `${listed} objects in ${seconds?.toFixed(1)} s, ${cpuSeconds?.toFixed(1)} s of CPU, ${pages} pages${peak}`;
  process.stdout.write(`${name}: ${listed === null ? 'not installed' : took}\n`);
}
