// Scans a generated bucket once and prints JSON. It is a separate process, so that the peak memory is its own.
import { setFlagsFromString } from 'node:v8';
import { scanOver } from '../../packages/engine/src/testing/scan-over.ts';
import { openGeneratedBucket } from './generated-bucket.ts';

// As the command does. Otherwise the young generation grows with the length of a run, however little is kept.
for (const flag of ['--semi-space-growth-factor=1', '--heap-growing-percent=50', '--optimize-for-size']) {
  setFlagsFromString(flag);
}

const objects = Number(process.argv[2]);
await using scan = await scanOver(openGeneratedBucket(objects), 'generated');
const startedAtMs = performance.now();
await scan.run();
const seconds = (performance.now() - startedAtMs) / 1000;
const operation = await scan.show();
if (operation?.status !== 'success')
  throw new Error(`the scan ended ${operation?.status}: ${operation?.fault?.detail}`);
const { objects_listed: listed, backups_found: found, described } = operation.progress;
const peakMiB = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ listed, found, described, seconds, peakMiB }));
