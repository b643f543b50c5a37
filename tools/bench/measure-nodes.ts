import { once } from 'node:events';
import { cpus } from 'node:os';
import { start } from '../../apps/cli/src/testing.ts';
import { startPostgres } from '../../packages/engine/src/testing/test-database.ts';
import { createPostgresCatalogue } from './bench-database.ts';
import type { Figure } from './figure.ts';
import { environmentOf, type LoadedCatalogue, startLoadedServer } from './load-server.ts';
import { type SlowChains, type SlowService, startSlowService } from './slow-service.ts';

/** What a number of nodes did: links a second, and the share of all cores that was busy, in percent. */
type Measured = { readonly linksPerSecond: number; readonly cpuPercent: number };

/**
 * Imports small chains from many buckets of a slow service with one node that works and with two, each time into a
 * new PostgreSQL database, through a node that only answers calls.
 */
export async function measureNodes(slow: SlowChains): Promise<readonly Figure[]> {
  await using postgres = await startPostgres(true);
  await using service = await startSlowService(slow);
  const one = await importWith(1, service, await createPostgresCatalogue(postgres.url));
  const two = await importWith(2, service, await createPostgresCatalogue(postgres.url));
  return [
    {
      name: `two nodes import from ${slow.buckets} buckets, ${slow.latencyMs} ms a request`,
      value: two.linksPerSecond,
      unit: 'links/s',
      beside: { name: 'one node', value: one.linksPerSecond },
      target: { atLeast: 1.8 },
    },
    {
      name: 'CPU of the machine meanwhile, of all its cores',
      value: two.cpuPercent,
      unit: '%',
      beside: { name: 'one node', value: one.cpuPercent },
      target: { atMost: 70, of: 'value' },
    },
  ];
}

async function importWith(nodes: number, service: SlowService, catalogue: LoadedCatalogue): Promise<Measured> {
  await using server = await startLoadedServer(catalogue, service.specification, { options: ['--no-work'] });
  await using workers = new AsyncDisposableStack();
  for (let node = 0; node < nodes; node += 1) workers.use(await startWorker(catalogue, service.specification));
  const before = cpuTimes();
  const { seconds } = await service.syncAll(server);
  const after = cpuTimes();
  return {
    linksPerSecond: service.links / seconds,
    cpuPercent: (100 * (after.busy - before.busy)) / (after.all - before.all),
  };
}

/** Starts `work` and waits until it is ready. */
async function startWorker(catalogue: LoadedCatalogue, storage: string): Promise<AsyncDisposable> {
  const child = start(['work', '--json'], { environment: environmentOf(catalogue, storage) });
  child.stderr.pipe(process.stderr);
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  if (child.exitCode !== null) throw new Error(`work ended with exit code ${child.exitCode}`);
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await closed;
    },
  };
}

/** The time of all cores since the machine started, and how much of it they were busy. Milliseconds. */
function cpuTimes(): { readonly busy: number; readonly all: number } {
  const times = cpus().map(({ times }) => times);
  const all = times.flatMap(({ user, nice, sys, irq, idle }) => [user, nice, sys, irq, idle]);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
  return { busy: sum(all) - sum(times.map(({ idle }) => idle)), all: sum(all) };
}
