import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Figure, shownNumber } from './figure.ts';

const run = promisify(execFile);

/** Scans a generated bucket of this many objects, as a real scan does, into a catalogue on disk. Prints what it did. */
export async function measureScan(print: (line: string) => void, objects: number): Promise<readonly Figure[]> {
  const script = join(import.meta.dirname, 'measure-scan.ts');
  const { stdout } = await run(process.execPath, ['--conditions=@backup-sync/source', script, String(objects)]);
  const { listed, found, described, seconds, peakMiB } = JSON.parse(stdout);
  print(
    `  ${listed} objects, ${found} backups found and ${described} described in ${seconds.toFixed(1)} s: ` +
      `${(listed / seconds).toFixed(0)} objects/s, peak ${peakMiB.toFixed(0)} MiB`,
  );
  const name = `scan of ${shownNumber(objects)} objects without a service`;
  return [
    { name, value: listed / seconds, unit: 'objects/s' },
    { name: `${name}: peak memory`, value: peakMiB, unit: 'MiB' },
  ];
}
