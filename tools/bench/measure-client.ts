import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { run as runCommand, startServer, temporaryDirectory } from '../../apps/cli/src/testing.ts';
import { syncItemsMax } from '../../packages/contracts/src/index.ts';
import { type Figure, shownNumber } from './figure.ts';
import { quantile } from './paired-difference.ts';
import { startService } from './service-process.ts';

/** Maximum number of calls that core makes at the same time. */
const connections = 32;

/** Syncs that are measured: so many backups, with this latency of each call, so many times. */
export type MeasuredSyncs = { readonly backups: number; readonly latencyMs: number; readonly runs: number };

type Service = { readonly endpoint: string; readonly projectId: string; readonly token: string };
type Measured = {
  readonly accepted: number;
  readonly seconds: number;
  readonly peakMiB: number;
  readonly cpuSeconds: number;
};

/** What client-run.ts measures, in the order in which it is run. */
const ways = ['loop', 'loops', 'core', 'iterable'] as const;
type Way = (typeof ways)[number];
/** The ways of the client, and what it gets. */
const clientWays = { core: 'an array', iterable: 'an async iterable' } as const;

async function measure(way: Way, { endpoint, projectId, token }: Service, backups: number): Promise<Measured> {
  const script = join(import.meta.dirname, 'client-run.ts');
  const args = ['--conditions=@backup-sync/source', script, way, endpoint, projectId, token, String(backups)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const measured: Measured = JSON.parse(stdout);
  if (measured.accepted !== backups) throw new Error(`${measured.accepted} of ${backups} items were accepted`);
  return measured;
}

/**
 * Measures syncs of a server that only answers, next to the time that its latency needs at least, and their CPU next to
 * loops that make as many calls at once and check nothing.
 */
export async function measureClient(syncs: MeasuredSyncs): Promise<readonly Figure[]> {
  await using server = await startService('client-server.ts', ['--latency-ms', syncs.latencyMs]);
  const { seconds, cpuSeconds } = await measureWays({ ...anyone, endpoint: server.endpoint }, syncs);
  const idealSeconds = (Math.ceil(syncs.backups / syncItemsMax) * syncs.latencyMs) / 1000 / connections;
  return (['core', 'iterable'] as const).flatMap((way) => [
    {
      name: nameOf(way, syncs),
      value: seconds(way),
      unit: 's',
      beside: { name: 'calls x latency / connections', value: idealSeconds },
      target: { atMost: 1.25 },
    },
    {
      name: `${nameOf(way, syncs)}: CPU`,
      value: cpuSeconds(way),
      unit: 's',
      beside: { name: loops, value: cpuSeconds('loops') },
    },
  ]);
}

/** Measures the same with a real gateway behind the latency. Nothing is at the paths, so that imports fail soon. */
export async function measureClientWithGateway(syncs: MeasuredSyncs): Promise<readonly Figure[]> {
  await using home = await temporaryDirectory();
  const [data, storage] = [join(home.path, 'data'), `file:${join(home.path, 'storage')}`];
  await mkdir(join(home.path, 'storage', 'bench'), { recursive: true });
  await using gateway = await startServer(data, storage);
  const environment = { BACKUP_SYNC_DATA_DIR: data, BACKUP_SYNC_STORAGE: storage };
  const { output } = await runCommand(['token', '--json'], { environment });
  const { token, project_id: projectId } = JSON.parse(output);
  await using server = await startService('client-server.ts', [
    ...['--latency-ms', syncs.latencyMs],
    ...['--forward', gateway.endpoint],
  ]);
  const { seconds } = await measureWays({ endpoint: server.endpoint, projectId, token }, syncs);
  return (['core', 'iterable'] as const).map((way) => ({
    name: `${nameOf(way, syncs)}, to the gateway`,
    value: seconds(way),
    unit: 's',
    beside: { name: loops, value: seconds('loops') },
  }));
}

const anyone = { projectId: 'p', token: 't' };
const loops = `${connections} loops without checks`;
const nameOf = (way: keyof typeof clientWays, { backups, latencyMs }: MeasuredSyncs) =>
  `client syncs ${clientWays[way]} of ${shownNumber(backups)} backups, ${latencyMs} ms a call`;

/** Runs client-run.ts for every measurement in turn, and prints what it took. Returns the medians. */
async function measureWays(service: Service, { backups, runs }: MeasuredSyncs) {
  const measured = new Map(ways.map((way) => [way, [] as Measured[]]));
  for (let round = 0; round < runs; round += 1) {
    for (const way of ways) {
      const one = await measure(way, service, backups);
      measured.get(way)?.push(one);
      process.stdout.write(`  ${way} ${one.seconds.toFixed(2)} s (${one.cpuSeconds.toFixed(2)} s of CPU)\n`);
    }
  }
  const medianOf = (what: 'seconds' | 'cpuSeconds') => (way: Way) =>
    quantile(measured.get(way)?.map((each) => each[what]) ?? [], 0.5);
  return { seconds: medianOf('seconds'), cpuSeconds: medianOf('cpuSeconds') };
}

/** Measures the peak memory of the client for async iterables of these lengths, to a server without latency. */
export async function measureClientMemory(lengths: readonly number[]): Promise<readonly Figure[]> {
  await using server = await startService('client-server.ts', ['--latency-ms', 0]);
  const figures: Figure[] = [];
  for (const length of lengths) {
    const { seconds, peakMiB } = await measure('iterable', { ...anyone, endpoint: server.endpoint }, length);
    const name = `client syncs ${clientWays.iterable} of ${shownNumber(length)} backups`;
    figures.push({ name: `${name}: peak memory`, value: peakMiB, unit: 'MiB' });
    figures.push({ name: `${name}: rate`, value: length / seconds, unit: 'items/s' });
  }
  return figures;
}
