import { expect, test } from 'vitest';
import { StorageError } from '../../storage/port.ts';
import { openQueueCluster, openQueueNode } from '../../testing/queue-cluster.ts';
import { chainJob, nameOf, onlyKey, operationJob } from '../../testing/queue-over.ts';
import { run } from '../../testing/test-database.ts';
import { enqueue } from './jobs.ts';

/** Machines may be busy. */
const soon = { timeout: 10_000 };

/** Work that lasts until all of it is released. Notes which jobs have started, and how many ran at once. */
function heldWork() {
  const gate = Promise.withResolvers<void>();
  const started: string[] = [];
  let beside = 0;
  let most = 0;
  return {
    started,
    release: () => gate.resolve(),
    most: () => most,
    work: async (job: Parameters<typeof nameOf>[0], { signal }: { readonly signal: AbortSignal }) => {
      started.push(nameOf(job));
      most = Math.max(most, ++beside);
      await Promise.race([gate.promise, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
      beside -= 1;
    },
  };
}

test('two nodes never work on a chain at the same time, and lose none of what is added meanwhile', async () => {
  await using cluster = await openQueueCluster();
  let beside = 0;
  let most = 0;
  let runs = 0;
  const work = async () => {
    most = Math.max(most, ++beside);
    runs += 1;
    await cluster.stored();
    beside -= 1;
  };
  await using one = await openQueueNode(cluster.url, { work, concurrency: 4 });
  await using other = await openQueueNode(cluster.url, { work, concurrency: 4 });
  for (let round = 0; round < 20; round += 1) {
    await Promise.all([one.jobs.enqueue([chainJob('a')]), other.jobs.enqueue([chainJob('a')])]);
  }
  const before = runs;
  await one.jobs.enqueue([chainJob('a')]);
  await expect.poll(() => cluster.stored(), { timeout: 10_000 }).toEqual([]);
  expect(most).toBe(1);
  expect(runs).toBeGreaterThan(before);
  expect([...one.faults, ...other.faults]).toEqual([]);
});

test('a node fetches only as many jobs as it has places for, and mass work takes none from interactive work', async () => {
  await using cluster = await openQueueCluster();
  const held = heldWork();
  const names = Array.from({ length: 20 }, (_, index) => chainJob(`mass-${index}`));
  await enqueue(cluster.database, [...names, operationJob('v1', 'verify'), operationJob('v2', 'verify')]);
  await using node = await openQueueNode(cluster.url, { work: held.work, concurrency: 3 });
  await expect.poll(() => held.started.length, soon).toBe(4);
  await node.jobs.enqueue([chainJob('asked for', 'b', { lane: 'interactive' })]);
  await expect.poll(() => held.started, soon).toContain('asked for');
  const states = (await cluster.stored()).map(({ state }) => state);
  expect(states.filter((state) => state === 'active')).toHaveLength(5);
  expect(states.filter((state) => state === 'created')).toHaveLength(18);
  held.release();
  await expect.poll(() => cluster.stored(), { timeout: 10_000 }).toEqual([]);
  expect(held.started).toHaveLength(23);
});

test('a bucket with few jobs does not wait for the many of another', async () => {
  await using cluster = await openQueueCluster();
  const ran: string[] = [];
  await enqueue(
    cluster.database,
    Array.from({ length: 300 }, (_, index) => chainJob(`many-${index}`, 'many')),
  );
  await using node = await openQueueNode(cluster.url, {
    work: async (job) => {
      await cluster.stored();
      ran.push(nameOf(job));
    },
  });
  await expect.poll(() => ran.length, soon).toBeGreaterThan(0);
  await node.jobs.enqueue([chainJob('few', 'few')]);
  await expect.poll(() => ran, { timeout: 5_000 }).toContain('few');
  expect(ran.length).toBeLessThan(290);
});

test('the jobs of a bucket that does not answer are given back, and work in other buckets continues', async () => {
  await using cluster = await openQueueCluster();
  const ran: string[] = [];
  await using node = await openQueueNode(cluster.url, {
    concurrency: 2,
    beforeRequest: (bucketName) => (bucketName === 'hangs' ? new Promise(() => {}) : Promise.resolve()),
    work: async (job, { storage }) => {
      if (job.kind === 'chain') await storage.head({ bucket: job.chain.bucketName, key: onlyKey });
      ran.push(nameOf(job));
    },
  });
  await node.jobs.enqueue(Array.from({ length: 50 }, (_, index) => chainJob(`hangs-${index}`, 'hangs')));
  await expect
    .poll(async () => (await cluster.stored()).filter(({ state }) => state === 'active').length, soon)
    .toBe(2);
  await node.jobs.enqueue([chainJob('answers')]);
  await expect.poll(() => ran, { timeout: 10_000 }).toEqual(['answers']);
  const active = (await cluster.stored()).filter(({ state }) => state === 'active');
  expect(active.length).toBeLessThanOrEqual(4);
});

test('a node that stops gives its jobs back, and another node takes them at once', async () => {
  await using cluster = await openQueueCluster();
  const stopped = heldWork();
  const node = await openQueueNode(cluster.url, { work: stopped.work });
  await node.jobs.enqueue([chainJob('a'), chainJob('b')]);
  await expect.poll(() => stopped.started, soon).toHaveLength(1);
  await node[Symbol.asyncDispose]();
  expect((await cluster.stored()).map(({ state }) => state)).toEqual(['created', 'created']);
  const ran: string[] = [];
  await using _other = await openQueueNode(cluster.url, { work: async (job) => void ran.push(nameOf(job)) });
  await expect.poll(() => ran.toSorted(), soon).toEqual(['a', 'b']);
});

test('during an outage one job probes the bucket, and when it answers again all its jobs are due', async () => {
  await using cluster = await openQueueCluster();
  let isAway = true;
  let hasFailed = false;
  let probing = 0;
  let mostProbing = 0;
  const ran: string[] = [];
  await using node = await openQueueNode(cluster.url, {
    concurrency: 2,
    beforeRequest: async () => {
      if (isAway) throw new StorageError('unreachable', 'it does not answer');
    },
    work: async (job, { storage }) => {
      // Two jobs have begun when the first of them finds out.
      const isProbe = isAway && hasFailed;
      if (isProbe) mostProbing = Math.max(mostProbing, ++probing);
      try {
        await storage.head({ bucket: 'b', key: onlyKey });
        ran.push(nameOf(job));
      } catch {
        hasFailed = true;
        // As an operation that waits for another attempt.
        await enqueue(cluster.database, [chainJob(nameOf(job), 'b', { notBeforeMs: Date.now() + 300_000 })]);
      } finally {
        if (isProbe) probing -= 1;
      }
    },
  });
  const names = Array.from({ length: 10 }, (_, index) => `chain-${index}`);
  await node.jobs.enqueue(names.map((name) => chainJob(name)));
  await expect.poll(() => mostProbing, soon).toBeGreaterThan(0);
  isAway = false;
  expect(mostProbing).toBe(1);
  await expect.poll(() => ran.toSorted(), { timeout: 15_000 }).toEqual(names);
});

test('a node whose connections are cut says so once in each of its loops, and works on by itself', async () => {
  await using cluster = await openQueueCluster();
  const ran: string[] = [];
  await using node = await openQueueNode(cluster.url, { work: async (job) => void ran.push(nameOf(job)) });
  await run(
    cluster.url,
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  await expect
    .poll(
      () =>
        enqueue(cluster.database, [chainJob('after')]).then(
          () => true,
          () => false,
        ),
      soon,
    )
    .toBe(true);
  await expect.poll(() => ran, { timeout: 10_000 }).toEqual(['after']);
  // The loop of this node that fetches jobs, and the one of pg-boss that starts queues.
  expect(node.faults.length).toBeLessThanOrEqual(2);
});
