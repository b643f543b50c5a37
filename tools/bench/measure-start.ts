// Measures whole processes: medians of runs that are made in turn.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { builtCommand, examples, repositoryRoot, temporaryDirectory } from '../../apps/cli/src/testing.ts';
import type { Figure } from './figure.ts';
import { quantile } from './paired-difference.ts';
import { childSeconds } from './shell-times.ts';

/** What a process took until it ended, with all the processes that it started and waited for. */
type ProcessCost = { readonly wallMs: number; readonly cpuMs: number };

const timedScript = '"$@" >/dev/null; code=$?; times; exit $code';

/** Exit code 3: some items failed, as one of the examples does. */
const allowedCodes: readonly (number | null)[] = [0, 3];

async function costOf(command: readonly string[], environment: Record<string, string>): Promise<ProcessCost> {
  const startedAtMs = performance.now();
  const child = spawn('sh', ['-c', timedScript, 'sh', ...command], {
    cwd: repositoryRoot,
    env: { ...process.env, ...environment },
  });
  child.stdin.end();
  const [times, messages] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (!allowedCodes.includes(child.exitCode)) {
    throw new Error(`${command.join(' ')} ended with ${child.exitCode}: ${messages}`);
  }
  return { wallMs: performance.now() - startedAtMs, cpuMs: 1000 * childSeconds(times) };
}

/** Measures `--version` and `backups list` on the examples next to bare node: wall time and CPU. */
export async function measureCommandStart(runs: number): Promise<readonly Figure[]> {
  await using home = await temporaryDirectory();
  const environment = {
    BACKUP_SYNC_DATA_DIR: join(home.path, 'data'),
    BACKUP_SYNC_STORAGE: `file:${join(examples, 'buckets')}`,
  };
  const bareNode = 'node -e 0';
  const commands: Readonly<Record<string, readonly string[]>> = {
    [bareNode]: [process.execPath, '-e', '0'],
    '--version': [...builtCommand, '--version'],
    'backups list': [...builtCommand, 'backups', 'list'],
  };
  await costOf([...builtCommand, 'sync', join(examples, 'sync-request.json')], environment);
  const costs = new Map(Object.keys(commands).map((name) => [name, [] as ProcessCost[]]));
  for (let run = 0; run < runs; run += 1) {
    for (const [name, command] of Object.entries(commands)) costs.get(name)?.push(await costOf(command, environment));
  }
  const median = (name: string, what: keyof ProcessCost) =>
    quantile(costs.get(name)?.map((cost) => cost[what]) ?? [], 0.5);
  return ['--version', 'backups list'].flatMap((name) =>
    (['wallMs', 'cpuMs'] as const).map((what) => ({
      name: `backup-sync ${name}, ${what === 'wallMs' ? 'wall time' : 'CPU'}`,
      value: median(name, what),
      unit: 'ms',
      beside: { name: bareNode, value: median(bareNode, what) },
    })),
  );
}

/** Measures `npm start -- --once`, after a first one that installs and builds what is missing. */
export async function measureRepeatedSetup(runs: number): Promise<readonly Figure[]> {
  const command = ['npm', 'start', '--', '--once'];
  await costOf(command, {});
  const seconds: number[] = [];
  for (let run = 0; run < runs; run += 1) seconds.push((await costOf(command, {})).wallMs / 1000);
  return [{ name: 'npm start -- --once, again', value: quantile(seconds, 0.5), unit: 's', target: { atMost: 2 } }];
}
