import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openQueueCluster, openQueueNode } from '../../testing/queue-cluster.ts';
import { chainJob, nameOf } from '../../testing/queue-over.ts';
import { enqueue } from './jobs.ts';

/** Machines may be busy. */
const soon = { timeout: 10_000 };

const program = fileURLToPath(new URL('../../testing/hold-job.ts', import.meta.url));

/** Starts a working node in a process, and waits until it works on this job. */
async function startHolding(url: string, name: string) {
  const child = spawn(process.execPath, [...process.execArgv, program, url], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  expect(line).toBe(name);
  return child;
}

test('another node takes over the jobs of one that was killed and of one that hangs, whose late end changes nothing', async () => {
  await using cluster = await openQueueCluster();
  await enqueue(cluster.database, [chainJob('of the killed')]);
  const killed = await startHolding(cluster.url, 'of the killed');
  await enqueue(cluster.database, [chainJob('of the paused')]);
  const paused = await startHolding(cluster.url, 'of the paused');
  killed.kill('SIGKILL');
  paused.kill('SIGSTOP');
  const begunMs = performance.now();
  const taken: string[] = [];
  const gate = Promise.withResolvers<void>();
  await using _other = await openQueueNode(cluster.url, {
    concurrency: 2,
    work: async (job) => {
      taken.push(nameOf(job));
      await gate.promise;
    },
  });
  await expect.poll(() => taken.toSorted(), { timeout: 40_000 }).toEqual(['of the killed', 'of the paused']);
  expect(performance.now() - begunMs).toBeLessThan(30_000);
  paused.kill('SIGCONT');
  paused.stdin.write('end\n');
  await once(paused, 'exit');
  expect((await cluster.stored()).map(({ state }) => state)).toEqual(['active', 'active']);
  gate.resolve();
  await expect.poll(() => cluster.stored(), soon).toEqual([]);
});
