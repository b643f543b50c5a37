import { expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import type { StorageUnit } from '../storage/port.ts';
import { createInProcessJobQueue } from './in-process-job-queue.ts';
import type { Job, QueuedJob } from './port.ts';

const storage = {} as StorageUnit;

const chain = (chainRoot: string): QueuedJob => ({
  lane: 'mass',
  notBeforeMs: null,
  kind: 'chain',
  chain: { projectId: 'p', storageUnitId: 'default', bucketName: 'b', chainRoot },
});
const verification = (id: string): QueuedJob => ({
  kind: 'task',
  task: { id, kind: 'verify', projectId: 'p', storageUnitId: 'default', bucketName: 'b' },
  lane: 'mass',
  notBeforeMs: null,
});
const rootOf = (job: Job) => (job.kind === 'chain' ? job.chain.chainRoot : job.task.id);

test('a chain that is added while it runs runs once more, and never beside itself', async () => {
  const starts: string[] = [];
  const open: (() => void)[] = [];
  let beside = 0;
  let most = 0;
  const twice = Promise.withResolvers<void>();
  await using queue = createInProcessJobQueue({
    storage,
    clock: systemClock,
    concurrency: 4,
    onFault: () => {},
    work: async (job) => {
      starts.push(rootOf(job));
      most = Math.max(most, ++beside);
      if (starts.length === 1) await new Promise<void>((resolve) => open.push(resolve));
      beside -= 1;
      if (starts.length === 2) twice.resolve();
    },
  });
  queue.add(chain('a'));
  while (open.length === 0) await Promise.resolve();
  queue.add(chain('a'));
  queue.add(chain('a'));
  open[0]?.();
  await twice.promise;
  expect(starts).toEqual(['a', 'a']);
  expect(most).toBe(1);
});

test('at most so many chains run at a time, and all of them do', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `chain${index}`);
  const done = Promise.withResolvers<void>();
  const seen: string[] = [];
  let beside = 0;
  let most = 0;
  await using queue = createInProcessJobQueue({
    storage,
    clock: systemClock,
    concurrency: 3,
    onFault: () => {},
    work: async (job) => {
      most = Math.max(most, ++beside);
      await new Promise((resolve) => setImmediate(resolve));
      beside -= 1;
      seen.push(rootOf(job));
      if (seen.length === names.length) done.resolve();
    },
  });
  for (const name of names) queue.add(chain(name));
  await done.promise;
  expect(seen.toSorted()).toEqual(names.toSorted());
  expect(most).toBe(3);
});

test.each([new Error('the disk is full'), new TypeError('undefined is not a function')])(
  'work that throws is told of and tried again, whatever it throws: %s',
  async (thrown) => {
    const faults: unknown[] = [];
    const done = Promise.withResolvers<void>();
    let tries = 0;
    await using queue = createInProcessJobQueue({
      storage,
      clock: systemClock,
      concurrency: 1,
      onFault: (_, error) => faults.push(error),
      work: async () => {
        tries += 1;
        if (tries === 1) throw thrown;
        done.resolve();
      },
    });
    queue.add(chain('a'));
    await done.promise;
    expect(tries).toBe(2);
    expect(faults).toEqual([thrown]);
  },
);

test('disposing aborts what runs, waits for it, and starts nothing more', async () => {
  const started = Promise.withResolvers<void>();
  const log: string[] = [];
  const queue = createInProcessJobQueue({
    storage,
    clock: systemClock,
    concurrency: 1,
    onFault: () => log.push('fault'),
    work: async (job, { signal }) => {
      log.push(`${rootOf(job)} starts`);
      started.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`${rootOf(job)} stops`);
      throw new Error('stopped');
    },
  });
  queue.add(chain('a'));
  queue.add(chain('b'));
  await started.promise;
  await queue[Symbol.asyncDispose]();
  queue.add(chain('c'));
  expect(log).toEqual(['a starts', 'a stops']);
});

test('verifications run one after the other, and hold up nothing else', async () => {
  const ran: string[] = [];
  const release = Promise.withResolvers<void>();
  const done = Promise.withResolvers<void>();
  await using queue = createInProcessJobQueue({
    storage,
    clock: systemClock,
    concurrency: 1,
    onFault: () => {},
    work: async (job) => {
      ran.push(rootOf(job));
      if (rootOf(job) === 'first') await release.promise;
      if (ran.length === 3) done.resolve();
      if (job.kind === 'chain') release.resolve();
    },
  });
  queue.add(verification('first'));
  queue.add(verification('second'));
  queue.add(chain('beside'));
  await done.promise;
  expect(ran).toEqual(['first', 'beside', 'second']);
});
