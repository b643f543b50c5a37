import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { chainJob, nameOf, onlyKey, openQueueOver, operationJob } from '../testing/queue-over.ts';

test('a chain that is added while it runs is run again afterwards, never twice at the same time', async () => {
  const starts: string[] = [];
  const isOpen = Promise.withResolvers<void>();
  let beside = 0;
  let most = 0;
  await using over = await openQueueOver({
    concurrency: 4,
    work: async (job) => {
      starts.push(nameOf(job));
      most = Math.max(most, ++beside);
      if (starts.length === 1) await isOpen.promise;
      beside -= 1;
    },
  });
  over.queue.add(chainJob('a'));
  await over.passes(1);
  over.queue.add(chainJob('a'));
  over.queue.add(chainJob('a'));
  isOpen.resolve();
  await over.passes(1);
  expect(starts).toEqual(['a', 'a']);
  expect(most).toBe(1);
});

test('no more chains run at a time than allowed, and all of them run', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `chain${index}`);
  const seen: string[] = [];
  let beside = 0;
  let most = 0;
  await using over = await openQueueOver({
    concurrency: 3,
    work: async (job) => {
      most = Math.max(most, ++beside);
      await over.time.sleep(10, undefined);
      beside -= 1;
      seen.push(nameOf(job));
    },
  });
  for (const name of names) over.queue.add(chainJob(name));
  await over.passes(100);
  expect(seen.toSorted()).toEqual(names.toSorted());
  expect(most).toBe(3);
});

test('work that throws is reported and retried at growing intervals, and holds no place meanwhile', async () => {
  const tries: [name: string, atMs: number][] = [];
  await using over = await openQueueOver({
    work: async (job) => {
      tries.push([nameOf(job), over.time.clock.monotonicMs()]);
      if (nameOf(job) === 'bad' && tries.length < 5) throw new TypeError(`try ${tries.length}`);
    },
  });
  over.queue.add(chainJob('bad'));
  over.queue.add(chainJob('good'));
  await over.passes(10_000);
  expect(tries).toEqual([
    ['bad', 0],
    ['good', 0],
    ['bad', 500],
    ['bad', 1_500],
    ['bad', 3_500],
  ]);
  expect(over.faults.map(String)).toEqual(['TypeError: try 1', 'TypeError: try 3', 'TypeError: try 4']);
});

test('disposing aborts running work, waits for it, and starts nothing more', async () => {
  const log: string[] = [];
  const over = await openQueueOver({
    work: async (job, { signal }) => {
      log.push(`${nameOf(job)} starts`);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await setImmediate();
      log.push(`${nameOf(job)} stops`);
      throw new Error('stopped');
    },
  });
  over.queue.add(chainJob('a'));
  over.queue.add(chainJob('b'));
  await over.passes(1);
  await over.queue[Symbol.asyncDispose]();
  over.queue.add(chainJob('c'));
  await setImmediate();
  expect(log).toEqual(['a starts', 'a stops']);
  expect(over.faults).toEqual([]);
});

test('helpers of a verification are jobs of their own, and run one after the other with the verifications', async () => {
  const seen: string[] = [];
  let beside = 0;
  let most = 0;
  await using over = await openQueueOver({
    concurrency: 4,
    work: async (job) => {
      most = Math.max(most, ++beside);
      await over.time.sleep(10, undefined);
      beside -= 1;
      seen.push(job.kind === 'part' ? `${nameOf(job)}, helper ${job.helper}` : nameOf(job));
    },
  });
  const verification = operationJob('verification', 'verify');
  if (verification.kind !== 'operation') throw new Error('a verification is an operation');
  over.queue.add(verification);
  const { operation } = verification;
  for (const helper of [1, 2, 2]) over.queue.add({ kind: 'part', operation, helper, lane: 'mass', notBeforeMs: null });
  await over.passes(100);
  expect(seen).toEqual(['verification', 'verification, helper 1', 'verification, helper 2']);
  expect(most).toBe(1);
});

test('verifications run one after the other in each lane, and delay nothing else', async () => {
  const ran: string[] = [];
  const release = Promise.withResolvers<void>();
  await using over = await openQueueOver({
    work: async (job) => {
      ran.push(nameOf(job));
      if (nameOf(job) === 'first') await release.promise;
    },
  });
  over.queue.add(operationJob('first', 'verify'));
  over.queue.add(operationJob('second', 'verify'));
  over.queue.add(chainJob('beside'));
  over.queue.add(operationJob('asked for', 'verify', 'b', { lane: 'interactive' }));
  await over.passes(1);
  expect(ran).toEqual(['first', 'beside', 'asked for']);
  release.resolve();
  await over.passes(1);
  expect(ran).toEqual(['first', 'beside', 'asked for', 'second']);
});

/** A queue whose jobs wait until they are released, all at once. Notes which have started. */
async function openHeldQueue(concurrency = 1) {
  const started: string[] = [];
  const gate = Promise.withResolvers<void>();
  const over = await openQueueOver({
    concurrency,
    buckets: ['b', 'other'],
    work: async (job) => {
      started.push(nameOf(job));
      await gate.promise;
    },
  });
  return {
    ...over,
    started,
    letGo: gate.resolve,
    async [Symbol.asyncDispose]() {
      gate.resolve();
      await over.queue[Symbol.asyncDispose]();
    },
  };
}

test('projects and buckets take turns; within each, scans and plans go first, then the oldest job', async () => {
  await using over = await openHeldQueue();
  over.queue.add(chainJob('runs'));
  for (const index of [1, 2, 3, 4]) over.queue.add(chainJob(`b${index}`));
  over.queue.add(operationJob('b scan', 'scan'));
  for (const index of [1, 2]) over.queue.add(chainJob(`other${index}`, 'other'));
  over.queue.add(chainJob('q1', 'b', { projectId: 'q' }));
  await over.passes(1);
  over.letGo();
  await over.passes(1);
  expect(over.started).toEqual(['runs', 'b scan', 'other1', 'q1', 'b1', 'other2', 'b2', 'b3', 'b4']);
});

test('interactive work does not wait behind a thousand imports of its own bucket', async () => {
  await using over = await openHeldQueue(2);
  for (let index = 0; index < 1_000; index += 1) over.queue.add(chainJob(`mass${index}`));
  over.queue.add(chainJob('asked for', 'b', { lane: 'interactive' }));
  await over.passes(1);
  expect(over.started).toEqual(['mass0', 'mass1', 'asked for']);
});

test('a queued chain that is added again interactively starts immediately, and only once', async () => {
  await using over = await openHeldQueue();
  for (const name of ['runs', 'before', 'wanted', 'after']) over.queue.add(chainJob(name));
  over.queue.add(chainJob('wanted', 'b', { lane: 'interactive' }));
  // A lane is never lowered.
  over.queue.add(chainJob('wanted'));
  await over.passes(1);
  expect(over.started).toEqual(['runs', 'wanted']);
  over.letGo();
  await over.passes(1);
  expect(over.started.toSorted()).toEqual(['after', 'before', 'runs', 'wanted', 'wanted']);
});

test('a job waits for its time without holding a place, and the earlier of two times counts', async () => {
  const started: [name: string, atMs: number][] = [];
  await using over = await openQueueOver({
    work: async (job) => void started.push([nameOf(job), over.time.clock.monotonicMs()]),
  });
  const inMs = (waitsMs: number) => ({ notBeforeMs: over.clock.nowMs() + waitsMs });
  over.queue.add(chainJob('late', 'b', inMs(60_000)));
  over.queue.add(chainJob('early', 'b', inMs(20_000)));
  over.queue.add(chainJob('late', 'b', inMs(30_000)));
  over.queue.add(chainJob('early', 'b', inMs(40_000)));
  over.queue.add(chainJob('past', 'b', inMs(-5_000)));
  over.queue.add(chainJob('now'));
  await over.passes(100_000);
  expect(started).toEqual([
    ['past', 0],
    ['now', 0],
    ['early', 20_000],
    ['late', 30_000],
  ]);
});

test('setting the clock back or forward neither delays a job for months nor starts it early', async () => {
  const started: [name: string, atMs: number][] = [];
  await using over = await openQueueOver({
    work: async (job) => void started.push([nameOf(job), over.time.clock.monotonicMs()]),
  });
  const notBeforeMs = over.clock.nowMs() + 60_000;
  over.queue.add(chainJob('before', 'b', { notBeforeMs }));
  over.wall.aheadMs -= 90 * 24 * 60 * 60 * 1000;
  over.queue.add(chainJob('after', 'b', { notBeforeMs }));
  await over.passes(3_600_000);
  expect(started).toEqual([
    ['before', 60_000],
    ['after', 600_000],
  ]);
});

test.each(['CatalogueFullError', 'CatalogueUnavailableError', 'DataDirectoryGoneError'])(
  'while the catalogue cannot be written (%s) only one job at a time tries, and two notices say so',
  async (name) => {
    const started: [job: string, atMs: number][] = [];
    let isFull = true;
    await using over = await openQueueOver({
      concurrency: 2,
      work: async (job) => {
        started.push([nameOf(job), over.time.clock.monotonicMs()]);
        await Promise.resolve();
        if (isFull) throw Object.assign(new Error('Nothing can be written.'), { name });
      },
    });
    for (const job of ['a', 'b', 'c', 'd']) over.queue.add(chainJob(job));
    await over.passes(8_000);
    // Two were at work when it became full; the wait before each further try doubles.
    expect(started.map(([, atMs]) => atMs)).toEqual([0, 0, 1_000, 3_000, 7_000]);
    isFull = false;
    await over.passes(8_000);
    expect(new Set(started.slice(5).map(([job]) => job)).size).toBe(4);
    expect(started.slice(5).map(([, atMs]) => atMs)).toEqual([15_000, 15_000, 15_000, 15_000]);
    expect(over.notices).toEqual([
      'The catalogue cannot be written (Nothing can be written). Work waits until it can.',
      'The catalogue can be written again. Work continues.',
    ]);
    expect(over.faults).toEqual([]);
  },
);

test('a queue is disposed even if its storage hangs and ignores signals', async () => {
  const left: string[] = [];
  const over = await openQueueOver({
    beforeRequest: () => new Promise(() => {}),
    work: async (job, { storage }) => {
      await storage
        .head({ bucket: 'b', key: onlyKey })
        .catch((error: unknown) => left.push(`${nameOf(job)}: ${error}`));
    },
  });
  for (const name of ['a', 'b']) over.queue.add(chainJob(name));
  await over.passes(1);
  await over.queue[Symbol.asyncDispose]();
  expect(left).toEqual(['a: Error: the queue is stopping']);
});

test('jobs that claim the same name get it one after the other, and hold no place while they wait', async () => {
  const log: string[] = [];
  const holders = new Map<string, PromiseWithResolvers<void>>();
  const cancelling = new AbortController();
  await using over = await openQueueOver({
    // No more jobs than this may wait without a place in one bucket.
    concurrency: 3,
    work: async (job, { claim, signal }) => {
      const name = nameOf(job);
      const until = AbortSignal.any([signal, ...(name === 'cancelled' ? [cancelling.signal] : [])]);
      try {
        await claim(name === 'beside' ? 'another chain' : 'chain', until);
      } catch (error) {
        log.push(`${name}: ${error}`);
        return;
      }
      log.push(`${name} has it`);
      const end = Promise.withResolvers<void>();
      holders.set(name, end);
      await end.promise;
    },
  });
  over.queue.add(operationJob('first', 'verify'));
  for (const name of ['asked for', 'cancelled', 'beside']) {
    over.queue.add(operationJob(name, 'verify', 'b', { lane: 'interactive' }));
  }
  await over.passes(1);
  expect(log).toEqual(['first has it', 'beside has it']);
  cancelling.abort(new Error('not wanted'));
  holders.get('beside')?.resolve();
  await over.passes(1);
  expect(log.slice(2)).toEqual(['cancelled: Error: not wanted']);
  holders.get('first')?.resolve();
  await over.passes(1);
  expect(log.slice(3)).toEqual(['asked for has it']);
  holders.get('asked for')?.resolve();
});
