// pnpm bench load [--minutes 1] [--records 1000000] [--objects 200000] [--replay-mib 1024] [--latency-seconds 20]
// [--rounds 1] [--sample-seconds 10] [--home <directory>]: how a built server holds up on a busy day. First the latency
// of a POST: beside nothing, a listing of that many records, a scan of that many objects and a replay, in turn, `--rounds`
// times. Then everything at once for `--minutes` on a server of its own, with its resident memory over time. A home is
// kept and taken up again: what has been made in it is not made twice.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type LargeBackup, writeLargeBackup } from './large-cinder-backup.ts';
import { fillCatalogue } from './load-catalogue.ts';
import { type LoadedServer, startLoadedServer } from './load-server.ts';
import { listing, looking, probe, replayOf, scan, syncing, type Work, watch } from './load-work.ts';
import { quantile } from './paired-difference.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    minutes: { type: 'string', default: '1' },
    records: { type: 'string', default: '1000000' },
    objects: { type: 'string', default: '200000' },
    'replay-mib': { type: 'string', default: '1024' },
    'latency-seconds': { type: 'string', default: '20' },
    rounds: { type: 'string', default: '1' },
    'sample-seconds': { type: 'string', default: '10' },
    home: { type: 'string' },
  },
});
const mebi = 1024 * 1024;
const syncCallers = 4;
const print = (line: string) => process.stdout.write(`${line}\n`);
const ms = (value: number) => `${value.toFixed(0).padStart(6)} ms`;

/** Storage in a process of its own. */
async function startStorage(large: string): Promise<AsyncDisposable & { readonly specification: string }> {
  const script = join(import.meta.dirname, 'load-storage.ts');
  const child: ChildProcess = spawn(
    process.execPath,
    ['--conditions=@backup-sync/source', script, values.objects, large],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = await once(child.stdout ?? child, 'data');
  return {
    specification: `s3:${String(line).trim()}`,
    async [Symbol.asyncDispose]() {
      const closed = once(child, 'close');
      child.kill();
      await closed;
    },
  };
}

/** What the server is started over; made once in a home. */
async function prepare(home: string): Promise<LargeBackup> {
  const large = join(home, 'storage', 'large');
  const made = join(home, 'large.json');
  if (existsSync(made)) return JSON.parse(await readFile(made, 'utf8'));
  await mkdir(large, { recursive: true });
  const backup = await writeLargeBackup(large, Number(values['replay-mib']) * mebi, 'zlib');
  await writeFile(made, JSON.stringify(backup));
  return backup;
}

async function startOver(home: string, storage: string): Promise<LoadedServer> {
  const data = join(home, 'data');
  const filled = join(home, 'filled');
  // The storage listens on another port each time.
  await rm(join(data, 'storage-unit.json'), { force: true });
  if (!existsSync(filled)) {
    const first = await startLoadedServer(data, storage);
    const { projectId } = first;
    await first[Symbol.asyncDispose]();
    fillCatalogue(data, projectId, 'default', Number(values.records));
    await writeFile(filled, values.records);
  }
  return startLoadedServer(data, storage);
}

async function importLarge(server: LoadedServer, backup: LargeBackup): Promise<void> {
  const [id] = await server.sync([
    {
      backup_id: backup.backupId,
      backup_name: 'large',
      bucket_name: 'large',
      image_path: backup.imagePath,
      resource_id: backup.volumeId,
      resource_name: 'large',
      created_at: backup.takenAtMs / 1000,
    },
  ]);
  while (true) {
    const { operation } = await server.get<{ operation: { status: string; message: string } }>(
      `/v1/projects/${server.projectId}/operations/${id}`,
    );
    if (operation.status === 'success') return;
    if (operation.status === 'failed') throw new Error(`the large backup was not imported: ${operation.message}`);
    await pause(100);
  }
}

/** Latencies of the probe while the work goes on. */
async function besides(server: LoadedServer, work: Work | null): Promise<readonly number[]> {
  const stop = new AbortController();
  const working = work?.(server, stop.signal);
  const probing = probe(server, stop.signal);
  await pause(Number(values['latency-seconds']) * 1000);
  stop.abort();
  await working;
  return await probing;
}

async function printLatencies(server: LoadedServer, backup: LargeBackup): Promise<void> {
  const works: Record<string, Work | null> = { nothing: null, listing, scan, replay: replayOf(backup) };
  print(`latency of a POST that syncs one backup, ${values['latency-seconds']} s each, ${values.records} records`);
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    for (const [name, work] of Object.entries(works)) {
      const latencies = await besides(server, work);
      const [p50, p99, most] = [0.5, 0.99, 1].map((share) => ms(quantile(latencies, share)));
      print(
        `  beside ${name.padEnd(8)} p50 ${p50}  p99 ${p99}  max ${most}  (${latencies.length} calls), ${server.residentMiB().toFixed(0)} MiB`,
      );
    }
  }
}

async function printMemory(server: LoadedServer, backup: LargeBackup): Promise<void> {
  const stop = new AbortController();
  const callers = Array.from({ length: syncCallers }, (_, caller) => syncing(syncCallers, caller));
  const works = [...callers, listing, scan, replayOf(backup), looking, watch, watch];
  const working = Promise.all(works.map((work) => work(server, stop.signal)));
  const probing = probe(server, stop.signal);
  let mostMiB = 0;
  print(`\nresident memory of a busy day, ${values.minutes} min`);
  const [everyS, totalS] = [Number(values['sample-seconds']), Number(values.minutes) * 60];
  for (let atS = 0; atS <= totalS; atS += everyS) {
    const resident = server.residentMiB();
    mostMiB = Math.max(mostMiB, resident);
    print(`  ${String(atS).padStart(5)} s  ${resident.toFixed(0).padStart(5)} MiB`);
    await Promise.race([pause(everyS * 1000), working]);
  }
  stop.abort();
  const rounds = await working;
  const latencies = await probing;
  print(
    `  most ${mostMiB.toFixed(0)} MiB; ${rounds.slice(0, syncCallers).reduce((sum, each) => sum + each, 0)} calls of 50, ` +
      `${rounds[syncCallers]} pages, ${rounds[syncCallers + 1]} scans, ${rounds[syncCallers + 2]} replays; ` +
      `POST of one: p50 ${ms(quantile(latencies, 0.5))}, p99 ${ms(quantile(latencies, 0.99))}`,
  );
}

const home = values.home ?? (await mkdtemp(join(tmpdir(), 'backup-sync-bench-')));
try {
  const backup = await prepare(home);
  await using storage = await startStorage(join(home, 'storage'));
  for (const [seconds, act] of [
    [Number(values['latency-seconds']), printLatencies],
    [Number(values.minutes), printMemory],
  ] as const) {
    if (seconds === 0) continue;
    await using server = await startOver(home, storage.specification);
    await importLarge(server, backup);
    await act(server, backup);
  }
} finally {
  if (values.home === undefined) await rm(home, { recursive: true, force: true });
}
