// pnpm bench client [--backups 10000] [--latency-ms 50] [--stream 1000000] [--piped 50000] [--runs 3]: measures the
// cost of syncing through core, compared with a loop that makes one call after another, and with 32 such loops side by side
// (loops), which make as many calls at once as core and check nothing. An array (core) is checked as a whole before the
// first call, an async iterable (iterable) while it is read. Also measures the command: its start, and its memory for
// `--piped` lines and four times as many.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { run as runCommand, startServer } from '../../apps/cli/src/testing.ts';
import { measureMemory } from './cli-memory.ts';
import { measureStart } from './cli-start.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    backups: { type: 'string', default: '10000' },
    'latency-ms': { type: 'string', default: '50' },
    stream: { type: 'string', default: '1000000' },
    piped: { type: 'string', default: '50000' },
    runs: { type: 'string', default: '3' },
  },
});
/** Maximum number of calls that core makes at the same time. */
const connections = 32;
const latencyMs = Number(values['latency-ms']);
const calls = Math.ceil(Number(values.backups) / 50);

type Service = { readonly endpoint: string; readonly projectId: string; readonly token: string };
type Measured = {
  readonly accepted: number;
  readonly seconds: number;
  readonly peakMiB: number;
  readonly cpuSeconds: number;
};

const scriptArgs = (name: string) => ['--conditions=@backup-sync/source', join(import.meta.dirname, name)];
const print = (line: string) => process.stdout.write(`${line}\n`);

async function measure(way: string, { endpoint, projectId, token }: Service, count: string): Promise<Measured> {
  const args = [...scriptArgs('client-run.ts'), way, endpoint, projectId, token, count];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const measured: Measured = JSON.parse(stdout);
  if (measured.accepted !== Number(count)) throw new Error(`${measured.accepted} of ${count} items were accepted`);
  return measured;
}

/** Runs the answering server with these arguments during `act`. */
async function withServer<T>(args: readonly string[], act: (endpoint: string) => Promise<T>): Promise<T> {
  const child: ChildProcess = spawn(process.execPath, [...scriptArgs('client-server.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = await once(child.stdout ?? child, 'data');
    return await act(String(line).trim());
  } finally {
    child.kill();
  }
}

async function compare(service: Service): Promise<void> {
  const idealSeconds = (calls * latencyMs) / 1000 / connections;
  for (let pair = 1; pair <= Number(values.runs); pair += 1) {
    const loop = await measure('loop', service, values.backups);
    print(`  loop ${loop.seconds.toFixed(2)} s`);
    for (const way of ['loops', 'core', 'iterable']) {
      const { seconds, cpuSeconds } = await measure(way, service, values.backups);
      print(
        `  ${way} ${seconds.toFixed(2)} s (${cpuSeconds.toFixed(2)} s of CPU), ${(loop.seconds / seconds).toFixed(1)} times faster, ` +
          `${(seconds / idealSeconds).toFixed(2)} of calls x latency / connections (${idealSeconds.toFixed(2)} s)`,
      );
    }
  }
}

print(`${values.backups} backups in ${calls} calls, ${latencyMs} ms each, to a server that only answers`);
await withServer(['--latency-ms', values['latency-ms']], (endpoint) =>
  compare({ endpoint, projectId: 'p', token: 't' }),
);

print(
  '\nthe same to the gateway behind that latency, until all are accepted; nothing is at the paths, so imports fail soon',
);
const home = await mkdtemp(join(tmpdir(), 'backup-sync-bench-'));
try {
  await mkdir(join(home, 'storage', 'bench'), { recursive: true });
  await using server = await startServer(join(home, 'data'), `file:${join(home, 'storage')}`);
  const { output } = await runCommand(['token', '--json'], {
    environment: { BACKUP_SYNC_DATA_DIR: join(home, 'data'), BACKUP_SYNC_STORAGE: `file:${join(home, 'storage')}` },
  });
  const { token, project_id: projectId } = JSON.parse(output);
  await withServer(['--latency-ms', values['latency-ms'], '--forward', server.endpoint], (endpoint) =>
    compare({ endpoint, projectId, token }),
  );
} finally {
  await rm(home, { recursive: true, force: true });
}

print(`\nmemory, an async iterable to a server that only answers, without latency`);
await withServer(['--latency-ms', '0'], async (endpoint) => {
  for (const count of ['10000', values.stream]) {
    const { seconds, peakMiB } = await measure('iterable', { endpoint, projectId: 'p', token: 't' }, count);
    print(`  ${count} items: peak ${peakMiB.toFixed(0)} MiB, ${(Number(count) / seconds).toFixed(0)} items/s`);
  }
});

print('\nthe start of the built command: medians of whole processes, in turn');
await measureStart(15, print);

print('\nthe memory of the built command');
const synced = Number(values.piped);
await measureMemory(Number(values.stream), [synced, 4 * synced], print);
