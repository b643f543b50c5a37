// pnpm bench listings [--objects 1000000] [--page-ms 50]: lists a generated bucket over S3 by a scan, which also reads
// the metadata of its backups, by parts of a scan, by a bare loop over the same client, by rclone and by the AWS command
// line: first from a service that answers immediately, then from one that takes this long for each page.
import { parseArgs } from 'node:util';
import { figuresOfListings, type MeasuredListing, measureListings } from './measure-listings.ts';
import { report } from './report.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: { objects: { type: 'string', default: '1000000' }, 'page-ms': { type: 'string', default: '50' } },
});
const objects = Number(values.objects);
const pageMs = Number(values['page-ms']);

function print({ name, listed, seconds, cpuSeconds, pages, peakMiB }: MeasuredListing): void {
  const peak = peakMiB === null ? '' : `, peak ${peakMiB.toFixed(0)} MiB`;
  const took = `${listed} objects in ${seconds?.toFixed(1)} s, ${cpuSeconds?.toFixed(1)} s of CPU, ${pages} pages${peak}`;
  process.stdout.write(`  ${name}: ${listed === null ? 'not installed' : took}\n`);
}

async function measure(latencyMs: number) {
  process.stdout.write(`${latencyMs} ms a page\n`);
  const listings = await measureListings(objects, latencyMs);
  listings.forEach(print);
  return figuresOfListings(listings, objects, latencyMs);
}

await report({
  'listings of a service that answers immediately': () => measure(0),
  'listings of a slow service': () => measure(pageMs),
});
