import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Figure, shownNumber } from './figure.ts';
import { type LargeBackup, writeLargeBackup } from './large-cinder-backup.ts';
import { fillCatalogue } from './load-catalogue.ts';
import { itemsOfCall } from './load-items.ts';
import { type LoadedServer, startLoadedServer } from './load-server.ts';
import { listing, looking, probe, replayOf, scan, syncing, type Work, watch } from './load-work.ts';
import { quantile } from './paired-difference.ts';
import { startService } from './service-process.ts';

export type Load = {
  /** Records in the catalogue, and objects in the bucket that is scanned. */
  readonly records: number;
  readonly objects: number;
  /** Size of the volume that is replayed. */
  readonly replayMiB: number;
  /** Duration of each row of latencies; 0 for none. */
  readonly latencySeconds: number;
  readonly rounds: number;
  /** Items that are accepted and imported with nothing else going on; 0 for none. */
  readonly items: number;
  /** Duration of everything at once; 0 for none. */
  readonly busySeconds: number;
  readonly sampleSeconds: number;
  /** Directory for the generated data, which is kept (default: a temporary one, removed at the end). */
  readonly home?: string;
};

type Print = (line: string) => void;

const mebi = 1024 * 1024;
const syncCallers = 4;
const recordsOfResource = 100;
const pollMs = 100;
const ms = (value: number) => `${value.toFixed(0)} ms`;

/** Puts load on built servers: first during one kind of work at a time, then during all of them. */
export async function measureLoad(print: Print, load: Load): Promise<readonly Figure[]> {
  const home = load.home ?? (await mkdtemp(join(tmpdir(), 'backup-sync-bench-')));
  const figures: Figure[] = [];
  try {
    const backup = await prepare(home, load.replayMiB);
    await using storage = await startService('load-storage.ts', [load.objects, join(home, 'storage')]);
    const specification = `s3:${storage.endpoint}`;
    const open = async () => {
      const server = await startOver(home, specification, load.records);
      await importLarge(server, backup);
      return server;
    };
    if (load.latencySeconds > 0) {
      await using server = await open();
      figures.push(...(await measureLatencies(print, server, backup, load)));
    }
    if (load.items > 0) {
      await using server = await open();
      figures.push(...(await measureItems(print, server, load)));
    }
    if (load.busySeconds > 0) {
      await using server = await open();
      figures.push(...(await measureBusyDay(print, server, backup, load)));
    }
  } finally {
    if (load.home === undefined) await rm(home, { recursive: true, force: true });
  }
  return figures;
}

/** Writes the backup that is replayed, unless the home already has it. */
async function prepare(home: string, replayMiB: number): Promise<LargeBackup> {
  const made = join(home, 'large.json');
  if (existsSync(made)) return JSON.parse(await readFile(made, 'utf8'));
  const large = join(home, 'storage', 'large');
  await mkdir(large, { recursive: true });
  const backup = await writeLargeBackup(large, replayMiB * mebi, 'zlib');
  await writeFile(made, JSON.stringify(backup));
  return backup;
}

async function startOver(home: string, storage: string, records: number): Promise<LoadedServer> {
  const data = join(home, 'data');
  const filled = join(home, 'filled');
  // The storage listens on a different port each time.
  await rm(join(data, 'storage-unit.json'), { force: true });
  if (!existsSync(filled)) {
    const first = await startLoadedServer({ BACKUP_SYNC_DATA_DIR: data }, storage);
    await first[Symbol.asyncDispose]();
    const content = { records, resources: Math.ceil(records / recordsOfResource) };
    await fillCatalogue({ BACKUP_SYNC_DATA_DIR: data }, first.projectId, 'default', content);
    await writeFile(filled, String(records));
  }
  return startLoadedServer({ BACKUP_SYNC_DATA_DIR: data }, storage);
}

async function importLarge(server: LoadedServer, backup: LargeBackup): Promise<void> {
  const item = {
    backup_id: backup.backupId,
    backup_name: 'large',
    bucket_name: 'large',
    image_path: backup.imagePath,
    resource_id: backup.volumeId,
    resource_name: 'large',
    created_at: backup.takenAtMs / 1000,
  };
  const [id = ''] = await server.sync([item]);
  while (true) {
    const { status, message } = await server.operation(id);
    if (status === 'success') return;
    if (status === 'failed') throw new Error(`the large backup was not imported: ${message}`);
    await pause(pollMs);
  }
}

/** Measures the latencies of a POST that syncs one backup during each kind of work. */
async function measureLatencies(
  print: Print,
  server: LoadedServer,
  backup: LargeBackup,
  load: Load,
): Promise<readonly Figure[]> {
  const measured = new Map<string, readonly number[]>();
  const works: Record<string, Work | null> = { nothing: null, listing, scan, replay: replayOf(backup) };
  print(`latency of a POST that syncs one backup, ${load.latencySeconds} s each, ${load.records} records`);
  for (let round = 1; round <= load.rounds; round += 1) {
    for (const [name, work] of Object.entries(works)) {
      const latencies = await latenciesDuring(server, work, load.latencySeconds);
      measured.set(name, [...(measured.get(name) ?? []), ...latencies]);
      const [p50, p99, most] = [0.5, 0.99, 1].map((share) => ms(quantile(latencies, share)).padStart(8));
      print(
        `  during ${name.padEnd(8)} p50${p50}  p99${p99}  max${most}  (${latencies.length} calls), ` +
          `${server.residentMiB().toFixed(0)} MiB`,
      );
    }
  }
  return Array.from(measured, ([name, latencies]) => ({
    name: `99 % of POSTs during ${name}, ${shownNumber(load.records)} records`,
    value: quantile(latencies, 0.99),
    unit: 'ms',
    ...(name !== 'nothing' && {
      beside: { name: 'during nothing', value: quantile(measured.get('nothing') ?? [], 0.99) },
    }),
  }));
}

/** Measures the latencies of the probe during some work. */
async function latenciesDuring(server: LoadedServer, work: Work | null, seconds: number): Promise<readonly number[]> {
  const stop = new AbortController();
  const working = work?.(server, stop.signal);
  const probing = probe(server, stop.signal);
  await pause(seconds * 1000);
  stop.abort();
  await working;
  return await probing;
}

/** Measures the peak of resident memory while callers sync as many items as wanted, as fast as the server imports them. */
async function measureItems(print: Print, server: LoadedServer, load: Load): Promise<readonly Figure[]> {
  const calls = Math.ceil(load.items / itemsOfCall);
  const stop = new AbortController();
  const startedAtMs = performance.now();
  const callers = Array.from({ length: syncCallers }, (_, caller) =>
    syncing(syncCallers, caller, Math.ceil(calls / syncCallers))(server, stop.signal),
  );
  const working = Promise.all(callers);
  let ended = false;
  void working.finally(() => {
    ended = true;
  });
  print(`resident memory while ${shownNumber(load.items)} items are accepted and imported`);
  for (let atS = 0; !ended; atS += load.sampleSeconds) {
    print(`  ${String(atS).padStart(5)} s  ${server.residentMiB().toFixed(0).padStart(5)} MiB`);
    await Promise.race([pause(load.sampleSeconds * 1000), working]);
  }
  const rounds = await working;
  const seconds = (performance.now() - startedAtMs) / 1000;
  const peakMiB = server.peakResidentMiB();
  const items = rounds.reduce((sum, each) => sum + each, 0) * itemsOfCall;
  print(`  peak ${peakMiB.toFixed(0)} MiB; ${items} items in ${seconds.toFixed(0)} s`);
  const what = `${shownNumber(load.items)} items accepted and imported`;
  return [
    { name: `${what}: peak resident memory`, value: peakMiB, unit: 'MiB', target: { atMost: 300 } },
    { name: `${what}: an hour`, value: (items / seconds) * 3600, unit: 'items/h', target: { atLeast: 1_000_000 } },
  ];
}

/** Measures the peak of resident memory, and how many items are imported an hour, while everything happens at once. */
async function measureBusyDay(
  print: Print,
  server: LoadedServer,
  backup: LargeBackup,
  load: Load,
): Promise<readonly Figure[]> {
  const stop = new AbortController();
  const startedAtMs = performance.now();
  const callers = Array.from({ length: syncCallers }, (_, caller) => syncing(syncCallers, caller));
  const works = [...callers, listing, scan, replayOf(backup), looking, watch, watch];
  const working = Promise.all(works.map((work) => work(server, stop.signal)));
  const probing = probe(server, stop.signal);
  print(`resident memory of a busy day, ${load.busySeconds} s`);
  for (let atS = 0; atS <= load.busySeconds; atS += load.sampleSeconds) {
    print(`  ${String(atS).padStart(5)} s  ${server.residentMiB().toFixed(0).padStart(5)} MiB`);
    await Promise.race([pause(load.sampleSeconds * 1000), working]);
  }
  const peakMiB = server.peakResidentMiB();
  const seconds = (performance.now() - startedAtMs) / 1000;
  stop.abort();
  const rounds = await working;
  const latencies = await probing;
  const calls = rounds.slice(0, syncCallers).reduce((sum, each) => sum + each, 0);
  const [pages, scans, replays] = rounds.slice(syncCallers);
  print(
    `  peak ${peakMiB.toFixed(0)} MiB; ${calls} calls of 50, ${pages} pages, ${scans} scans, ${replays} replays; ` +
      `a POST p50 ${ms(quantile(latencies, 0.5))}, p99 ${ms(quantile(latencies, 0.99))}`,
  );
  const day = `busy day of ${shownNumber(load.busySeconds / 60)} min`;
  return [
    { name: `${day}: peak resident memory`, value: peakMiB, unit: 'MiB', target: { atMost: 300 } },
    {
      name: `${day}: items accepted and imported an hour`,
      value: ((calls * itemsOfCall + latencies.length) / seconds) * 3600,
      unit: 'items/h',
      target: { atLeast: 1_000_000 },
    },
  ];
}
