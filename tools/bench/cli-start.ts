// Compares the start of the built command with bare node, in turn: medians of whole processes.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..', '..');
const command = join(root, 'apps/cli/dist/main.js');

async function secondsOf(args: readonly string[], environment: Record<string, string>): Promise<number> {
  const startedAtMs = performance.now();
  await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...environment } }).catch((error) => {
    // 3: some items failed, as one of the examples does.
    if (error.code !== 3) throw error;
  });
  return (performance.now() - startedAtMs) / 1000;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Prints how long `--version` and `backups list` on the examples take, and how long bare node does. */
export async function measureStart(runs: number, print: (line: string) => void): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'backup-sync-bench-'));
  const environment = {
    BACKUP_SYNC_DATA_DIR: join(home, 'data'),
    BACKUP_SYNC_STORAGE: `file:${join(root, 'examples/buckets')}`,
  };
  const ways = {
    'node -e 0': ['-e', '0'],
    '--version': [command, '--version'],
    'backups list': [command, 'backups', 'list'],
  };
  try {
    await secondsOf([command, 'sync', join(root, 'examples/sync-request.json')], environment);
    const seconds = new Map<string, number[]>(Object.keys(ways).map((way) => [way, []]));
    for (let run = 0; run < runs; run += 1) {
      for (const [way, args] of Object.entries(ways)) seconds.get(way)?.push(await secondsOf(args, environment));
    }
    const of = (way: keyof typeof ways) => median(seconds.get(way) ?? []) * 1000;
    const bare = of('node -e 0');
    print(`  node -e 0: ${bare.toFixed(0)} ms`);
    print(`  --version: ${of('--version').toFixed(0)} ms, ${(of('--version') / bare).toFixed(2)} times bare node`);
    print(`  backups list: ${of('backups list').toFixed(0)} ms, ${(of('backups list') - bare).toFixed(0)} ms above it`);
  } finally {
    await rm(home, { recursive: true });
  }
}
