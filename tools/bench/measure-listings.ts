import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Figure, shownNumber } from './figure.ts';
import { startService } from './service-process.ts';
import { childSeconds } from './shell-times.ts';

const run = promisify(execFile);
const condition = '--conditions=@backup-sync/source';
const pagesAtOnce = 16;

/** How long something took to list the bucket. */
export type MeasuredListing = {
  readonly name: string;
  /** Null if the program is not installed; then the other numbers are null too. */
  readonly listed: number | null;
  readonly seconds: number | null;
  readonly cpuSeconds: number | null;
  /** Pages that the server was asked for. */
  readonly pages: number | null;
  readonly peakMiB: number | null;
};

/**
 * Lists the same generated bucket, with this many milliseconds for each page: by a scan, by parts of a scan, by a bare
 * loop, by rclone and by the AWS command line, one after the other.
 */
export async function measureListings(objects: number, pageMs: number): Promise<readonly MeasuredListing[]> {
  await using server = await startService('listing-server.ts', [objects, pageMs]);
  const rows: MeasuredListing[] = [];
  for (const [name, measure] of Object.entries(measurements)) {
    const before = await pagesOf(server.endpoint);
    const measured = await measure(server.endpoint, objects);
    const pages = (await pagesOf(server.endpoint)) - before;
    rows.push({ name, ...nothing, ...measured, pages: measured === null ? null : pages });
  }
  return rows;
}

/**
 * The time of a scan next to the bare loop and to each program that is installed. A scan that reads no metadata does the
 * same as these, so only that has targets: 1.5 times the bare loop if pages take time, else the time of rclone.
 */
export function figuresOfListings(
  listings: readonly MeasuredListing[],
  objects: number,
  pageMs: number,
): readonly Figure[] {
  const secondsOf = new Map(listings.map(({ name, seconds }) => [name, seconds]));
  return scans.flatMap((scan) =>
    others.flatMap((other): readonly Figure[] => {
      const [value, otherValue] = [secondsOf.get(scan), secondsOf.get(other)];
      if (value == null || otherValue == null) return [];
      const limits: Readonly<Record<string, number>> = pageMs > 0 ? { [bareLoop]: 1.5 } : { [rclone]: 1 };
      const most = limits[other];
      return [
        {
          name: `${scan} of ${shownNumber(objects)} objects, ${pageMs} ms a page`,
          value,
          unit: 's',
          beside: { name: other, value: otherValue },
          ...(scan === scanOfKeys && most !== undefined && { target: { atMost: most } }),
        },
      ];
    }),
  );
}

const scanOfKeys = 'scan that reads no metadata';
const scans = ['scan', scanOfKeys];
const bareLoop = 'bare loop';
const rclone = 'rclone lsf -R --fast-list';
const aws = 'aws s3 ls --recursive';
const others = [bareLoop, rclone, aws];

const nothing = { listed: null, seconds: null, cpuSeconds: null, peakMiB: null };

type Measure = (endpoint: string, objects: number) => Promise<Partial<MeasuredListing> | null>;

const measurements: Record<string, Measure> = {
  scan: (endpoint, objects) => measureOwn('scan', endpoint, objects),
  [scanOfKeys]: (endpoint, objects) => measureOwn('keys', endpoint, objects),
  'listing in ranges': (endpoint, objects) => measureOwn('listing', endpoint, objects),
  [bareLoop]: (endpoint, objects) => measureOwn('bare', endpoint, objects),
  [rclone]: (endpoint) =>
    measureProgram('rclone', [
      ...['lsf', '-R', '--fast-list', '--s3-provider', 'Other', '--s3-endpoint', endpoint, '--s3-env-auth'],
      ...['--s3-force-path-style', '--config', '', ':s3:generated'],
    ]),
  [aws]: (endpoint) => measureProgram('aws', ['s3', 'ls', '--recursive', '--endpoint-url', endpoint, 's3://generated']),
};

async function measureOwn(
  kind: 'bare' | 'listing' | 'keys' | 'scan',
  endpoint: string,
  objects: number,
): Promise<Partial<MeasuredListing>> {
  const script = join(import.meta.dirname, 'list-once.ts');
  const { stdout } = await run(process.execPath, [
    condition,
    script,
    kind,
    endpoint,
    String(objects),
    String(pagesAtOnce),
  ]);
  return JSON.parse(stdout);
}

/** Returns null if the program is not installed. */
async function measureProgram(program: string, options: readonly string[]): Promise<Partial<MeasuredListing> | null> {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_DEFAULT_REGION: 'us-east-1' };
  const installed = await run('sh', ['-c', `command -v ${program}`], { env }).catch(() => null);
  if (installed === null) return null;
  const startedAtMs = performance.now();
  const { stdout } = await run('sh', ['-c', '"$@" | wc -l; times', 'sh', program, ...options], { env });
  const seconds = (performance.now() - startedAtMs) / 1000;
  return { listed: Number.parseInt(stdout, 10), seconds, cpuSeconds: childSeconds(stdout) };
}

async function pagesOf(endpoint: string): Promise<number> {
  return Number(await (await fetch(`${endpoint}/pages`)).text());
}
