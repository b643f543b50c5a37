import { expect, test } from 'vitest';
import type { Outage } from '../storage/outage.ts';
import { StorageError } from '../storage/port.ts';
import { chainJob, nameOf, onlyKey, openQueueOver, operationJob } from '../testing/queue-over.ts';

/** A queue whose jobs each ask the bucket of their chain once. The names of the buckets say how they behave. */
async function openAskingQueue(concurrency: number, outages: readonly Outage[] = []) {
  /** Buckets that do not answer until they are allowed to. */
  const hung = new Map<string, PromiseWithResolvers<void>>();
  const failing = new Map<string, StorageError>();
  const events: string[] = [];
  const over = await openQueueOver({
    concurrency,
    buckets: ['b', 'other', 'third'],
    outages,
    beforeRequest: async (bucketName) => {
      await hung.get(bucketName)?.promise;
      const error = failing.get(bucketName);
      if (error !== undefined) throw error;
    },
    work: async (job, { storage }) => {
      const { bucketName } = job.kind === 'chain' ? job.chain : job.operation;
      const note = (what: string) => events.push(`${over.time.clock.monotonicMs()} ${nameOf(job)} ${what}`);
      note('starts');
      try {
        await storage.head({ bucket: bucketName, key: onlyKey });
        note('ends');
      } catch (error) {
        note(error instanceof StorageError ? error.code : String(error));
      }
    },
  });
  return {
    ...over,
    events,
    hang: (...names: string[]) => {
      for (const name of names) hung.set(name, Promise.withResolvers());
    },
    answer: (name: string) => {
      hung.get(name)?.resolve();
      hung.delete(name);
      failing.delete(name);
    },
    fail: (name: string, code: StorageError['code'] = 'unreachable') => {
      failing.set(name, new StorageError(code, `bucket "${name}" is away`));
    },
  };
}

test('a job releases its place after a second without an answer, and no other of its bucket starts', async () => {
  await using over = await openAskingQueue(1);
  over.hang('b');
  for (const name of ['b1', 'b2', 'b3']) over.queue.add(chainJob(name));
  over.queue.add(chainJob('other1', 'other'));
  await over.passes(5_000);
  expect(over.events).toEqual(['0 b1 starts', '1000 other1 starts', '1000 other1 ends']);
  over.answer('b');
  await over.passes(1);
  const atMs = 5_000;
  expect(over.events.slice(3)).toEqual([
    `${atMs} b1 ends`,
    `${atMs} b2 starts`,
    `${atMs} b2 ends`,
    `${atMs} b3 starts`,
    `${atMs} b3 ends`,
  ]);
});

test('a job that gets its answer waits for a place, ahead of jobs that have not started', async () => {
  await using over = await openAskingQueue(1);
  over.hang('b', 'other');
  over.queue.add(chainJob('b1'));
  await over.passes(1_500);
  over.queue.add(chainJob('other1', 'other'));
  over.queue.add(chainJob('third1', 'third'));
  over.answer('b');
  await over.passes(1);
  expect(over.events).toEqual(['0 b1 starts', '1500 other1 starts']);
  over.answer('other');
  await over.passes(1);
  expect(over.events.slice(2)).toEqual(['1501 other1 ends', '1501 b1 ends', '1501 third1 starts', '1501 third1 ends']);
});

test('jobs in buckets that answer slowly leave places to others, and still finish', async () => {
  const events: string[] = [];
  await using over = await openQueueOver({
    concurrency: 2,
    buckets: ['b', 'other', 'third'],
    // Each request is answered in time, but there are many.
    beforeRequest: async (bucketName) => {
      if (bucketName !== 'third') await over.time.sleep(300, undefined);
    },
    work: async (job, { storage }) => {
      const name = nameOf(job);
      const { bucketName } = job.kind === 'chain' ? job.chain : job.operation;
      for (let request = 0; request < (bucketName === 'third' ? 1 : 100); request += 1) {
        await storage.head({ bucket: bucketName, key: onlyKey });
      }
      events.push(`${over.time.clock.monotonicMs()} ${name}`);
    },
  });
  for (const name of ['b1', 'b2', 'b3']) over.queue.add(chainJob(name, 'b'));
  for (const name of ['other1', 'other2', 'other3']) over.queue.add(chainJob(name, 'other'));
  await over.passes(5_000);
  for (const name of ['third1', 'third2', 'third3']) over.queue.add(chainJob(name, 'third'));
  await over.passes(5_000);
  expect(events.map((event) => event.split(' ')[1])).toEqual(['third1', 'third2', 'third3']);
  await over.passes(300_000);
  expect(events.map((event) => event.split(' ')[1]).toSorted()).toEqual([
    'b1',
    'b2',
    'b3',
    'other1',
    'other2',
    'other3',
    'third1',
    'third2',
    'third3',
  ]);
});

test('a job also releases its place if no bytes come, and keeps it while they do', async () => {
  const pieces: string[] = [];
  const stuck = Promise.withResolvers<void>();
  await using over = await openQueueOver({
    buckets: ['b', 'other'],
    work: async (job, { storage }) => {
      const name = nameOf(job);
      pieces.push(`${name} starts`);
      if (name === 'other') return;
      const { body } = await storage.get({ bucket: 'b', key: onlyKey });
      for await (const piece of body) {
        pieces.push(`${name} ${piece.length}`);
        await (name === 'stuck' ? stuck.promise : over.time.sleep(5_000, undefined));
      }
    },
  });
  over.queue.add(chainJob('reads'));
  over.queue.add(chainJob('other', 'other'));
  // The reader is slow, not the storage, so the job keeps its place.
  await over.passes(9_000);
  expect(pieces).toEqual(['reads starts', 'reads 65536', 'reads 34464']);
  await over.passes(2_000);
  expect(pieces.at(-1)).toBe('other starts');
  stuck.resolve();
});

test('a bucket that answers every listing but no read has a bounded number of jobs', async () => {
  let started = 0;
  await using over = await openQueueOver({
    concurrency: 3,
    beforeRequest: (_bucket, signal) => (signal === undefined ? Promise.resolve() : new Promise(() => {})),
    work: async (_job, { storage, signal }) => {
      started += 1;
      await storage.head({ bucket: 'b', key: onlyKey });
      await storage.get({ bucket: 'b', key: onlyKey, signal });
    },
  });
  for (let index = 0; index < 100; index += 1) over.queue.add(chainJob(`chain${index}`));
  await over.passes(60_000);
  expect(started).toBeLessThanOrEqual(6);
});

test('in an outage, one job at a time probes, less and less often, and the first answer frees all', async () => {
  await using over = await openAskingQueue(4);
  over.fail('b');
  over.queue.add(chainJob('first'));
  await over.passes(1);
  for (const name of ['1', '2', '3', '4', '5', '6', '7']) over.queue.add(chainJob(name));
  over.queue.add(chainJob('other1', 'other'));
  over.queue.add(chainJob('asked for', 'b', { lane: 'interactive' }));
  await over.passes(16_000);
  expect(over.events).toEqual([
    '0 first starts',
    '0 first unreachable',
    '1 other1 starts',
    '1 other1 ends',
    '1000 asked for starts',
    '1000 asked for unreachable',
    '3000 1 starts',
    '3000 1 unreachable',
    '7000 2 starts',
    '7000 2 unreachable',
    '15000 3 starts',
    '15000 3 unreachable',
  ]);
  expect(over.stored.get('b')).toMatchObject({ attempts: 5, fault: { code: 'storage_unreachable' } });
  expect(over.failedAgain.map(({ attempts }) => attempts)).toEqual([2, 3, 4, 5]);
  expect(over.watch.of('memory', 'b')).toMatchObject({ fault: { detail: 'bucket "b" is away' } });

  over.answer('b');
  // Its time is far off, but during an outage it waits for the bucket alone.
  over.queue.add(chainJob('put off', 'b', { notBeforeMs: over.clock.nowMs() + 300_000 }));
  await over.passes(15_500);
  expect(over.events.slice(12).map((event) => event.replace(/ .*/, ''))).toEqual(Array(10).fill('31000'));
  expect(over.stored.size).toBe(0);
  expect(over.watch.of('memory', 'b')).toBeNull();
  expect(over.notices).toEqual([
    'Bucket "b" does not answer: bucket "b" is away. Its work waits until it answers again.',
    'Bucket "b" answers again after 31 s. Its work continues.',
  ]);
});

test('back-off grows to at most a minute', async () => {
  await using over = await openAskingQueue(1);
  over.fail('b', 'throttled');
  for (let index = 0; index < 20; index += 1) over.queue.add(chainJob(`chain${index}`));
  await over.passes(400_000);
  const starts = over.events.filter((event) => event.endsWith('starts')).map((event) => Number(event.split(' ')[0]));
  const pauses = starts.slice(1).map((atMs, index) => (atMs - (starts[index] ?? 0)) / 1000);
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]);
  expect(over.notices).toEqual([
    'Bucket "b" accepts no more requests: bucket "b" is away. Its work waits until it accepts them again.',
  ]);
});

test.each(['object_not_found', 'access_denied', 'bucket_not_found'] as const)(
  '%s counts as an answer: it begins no outage, and ends one',
  async (code) => {
    await using over = await openAskingQueue(1);
    over.fail('b', code);
    over.queue.add(chainJob('1'));
    await over.passes(1);
    expect(over.notices).toEqual([]);
    over.fail('b');
    over.queue.add(chainJob('2'));
    await over.passes(1);
    over.fail('b', code);
    over.queue.add(chainJob('3'));
    await over.passes(2_000);
    expect(over.notices.at(-1)).toBe('Bucket "b" answers again after 1 s. Its work continues.');
  },
);

test('a failed request begins no outage if others were answered meanwhile', async () => {
  const lateFailure = Promise.withResolvers<void>();
  let requests = 0;
  const ended: string[] = [];
  await using over = await openQueueOver({
    concurrency: 2,
    beforeRequest: async () => {
      requests += 1;
      if (requests === 1) await lateFailure.promise;
    },
    work: async (job, { storage }) => {
      await storage.head({ bucket: 'b', key: onlyKey }).catch((error: unknown) => ended.push(String(error)));
      ended.push(nameOf(job));
    },
  });
  over.queue.add(chainJob('fails'));
  over.queue.add(chainJob('answered'));
  await over.passes(1);
  lateFailure.reject(new StorageError('unreachable', 'reset'));
  await over.passes(1);
  expect(ended).toEqual(['answered', 'StorageError: reset', 'fails']);
  expect(over.notices).toEqual([]);
});

test('an object that keeps failing while its bucket answers begins no second outage until it is answered', async () => {
  let fails = true;
  const ended: string[] = [];
  await using over = await openQueueOver({
    beforeRequest: async (_bucket, _signal, subject) => {
      if (fails && subject === 'broken') throw new StorageError('unreachable', 'broken');
    },
    work: async (job, { storage }) => {
      const name = nameOf(job);
      await storage.head({ bucket: 'b', key: onlyKey });
      const key = name === 'healthy' ? onlyKey : 'broken';
      const code = await storage.head({ bucket: 'b', key }).then(
        () => 'ends',
        (error: StorageError) => error.code,
      );
      ended.push(`${over.clock.monotonicMs()} ${name} ${code}`);
    },
  });
  over.queue.add(chainJob('1'));
  await over.passes(1);
  const notices = ['Bucket "b" does not answer: broken. Its work waits until it answers again.'];
  expect(over.notices).toEqual(notices);
  over.queue.add(chainJob('2'));
  await over.passes(2_000);
  notices.push('Bucket "b" answers again after 1 s. Its work continues.');
  for (const name of ['3', '4', 'healthy']) over.queue.add(chainJob(name));
  await over.passes(1);
  expect(over.notices).toEqual(notices);
  expect(ended).toEqual([
    '0 1 unreachable',
    '1000 2 unreachable',
    '2001 3 unreachable',
    '2001 4 unreachable',
    '2001 healthy ends',
  ]);
  expect(over.watch.of('memory', 'b')).toBeNull();

  fails = false;
  over.queue.add(chainJob('5'));
  await over.passes(1);
  fails = true;
  over.queue.add(chainJob('6'));
  await over.passes(1);
  expect(ended.slice(-2)).toEqual(['2002 5 object_not_found', '2003 6 unreachable']);
  expect(over.notices.slice(2)).toEqual(notices.slice(0, 1));
});

test('a probe that hangs releases its place, and no second probe joins it', async () => {
  await using over = await openAskingQueue(1);
  over.fail('b');
  over.queue.add(chainJob('first'));
  await over.passes(1);
  over.hang('b');
  for (const name of ['1', '2']) over.queue.add(chainJob(name));
  await over.passes(1_500);
  over.queue.add(chainJob('other1', 'other'));
  await over.passes(60_000);
  expect(over.events.slice(2)).toEqual(['1000 1 starts', '2000 other1 starts', '2000 other1 ends']);
});

test('a probe that sends no request is followed by another', async () => {
  const asked: string[] = [];
  let isAway = true;
  await using over = await openQueueOver({
    beforeRequest: async () => {
      if (isAway) throw new StorageError('unreachable', 'away');
    },
    work: async (job, { storage }) => {
      asked.push(nameOf(job));
      if (nameOf(job) !== 'cancelled') await storage.head({ bucket: 'b', key: onlyKey }).catch(() => {});
    },
  });
  over.queue.add(chainJob('first'));
  await over.passes(1);
  isAway = false;
  for (const name of ['cancelled', 'next', 'last']) over.queue.add(chainJob(name));
  await over.passes(1_500);
  expect(asked).toEqual(['first', 'cancelled']);
  await over.passes(1_000);
  expect(asked).toEqual(['first', 'cancelled', 'next', 'last']);
});

test('a single operation may be the probe, and a stored outage is in force at the start', async () => {
  const stored: Outage = {
    storageUnitId: 'memory',
    bucketName: 'b',
    fault: { code: 'storage_unreachable', detail: 'away' },
    beganAtMs: Date.UTC(2026, 10, 23) - 3_600_000,
    attempts: 3,
    // A time that was stored by a clock hours ahead.
    notBeforeMs: Date.UTC(2026, 10, 23) + 7_200_000,
  };
  await using over = await openAskingQueue(4, [stored]);
  expect(over.watch.of('memory', 'b')).toEqual(stored);
  over.queue.add(operationJob('scan', 'scan'));
  over.queue.add(chainJob('1'));
  await over.passes(61_000);
  expect(over.events).toEqual(['60000 scan starts', '60000 scan ends', '60000 1 starts', '60000 1 ends']);
  expect(over.notices).toEqual(['Bucket "b" answers again after 61 min. Its work continues.']);
});

test.each([
  ['is stored', null],
  ['cannot be stored, which is reported', new Error('The disk is full.')],
] as const)('work continues once the end of an outage %s', async (_, error) => {
  const started: string[] = [];
  const stores = Promise.withResolvers<void>();
  let isAway = true;
  await using over = await openQueueOver({
    beforeRequest: async () => {
      if (isAway) throw new StorageError('unreachable', 'away');
    },
    beforeStoredEnd: () => stores.promise,
    work: async (job, { storage }) => {
      started.push(nameOf(job));
      await storage.head({ bucket: 'b', key: onlyKey }).catch(() => {});
    },
  });
  for (const name of ['first', 'probe', 'next']) over.queue.add(chainJob(name));
  await over.passes(1);
  isAway = false;
  await over.passes(2_000);
  expect(over.watch.of('memory', 'b')).toBeNull();
  expect(started).toEqual(['first', 'probe']);
  if (error === null) stores.resolve();
  else stores.reject(error);
  await over.passes(1);
  expect(started).toEqual(['first', 'probe', 'next']);
  expect(over.faults).toEqual(error === null ? [] : [error]);
});
