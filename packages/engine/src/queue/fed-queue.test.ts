import { expect, test } from 'vitest';
import { chainJob, nameOf, onlyKey, openQueueOver, operationJob } from '../testing/queue-over.ts';

test('a queue starts jobs that wait elsewhere while it has places, keeps none, and says when there is room again', async () => {
  const gate = Promise.withResolvers<void>();
  const started: string[] = [];
  let rooms = 0;
  await using over = await openQueueOver({
    concurrency: 2,
    onRoom: () => {
      rooms += 1;
    },
    work: async (job) => {
      started.push(nameOf(job));
      await gate.promise;
    },
  });
  const { queue } = over;
  expect([queue.roomFor('mass', 'work'), queue.roomFor('mass', 'verification')]).toEqual([2, 1]);
  const ended = ['a', 'b', 'c'].map((name) => queue.tryStart(chainJob(name)));
  expect(ended.map((each) => each === null)).toEqual([false, false, true]);
  expect(queue.roomFor('mass', 'work')).toBe(0);
  expect(queue.roomFor('interactive', 'work')).toBe(2);
  expect(queue.tryStart(operationJob('v', 'verify'))).not.toBeNull();
  await over.passes(1);
  const roomsBefore = rooms;
  gate.resolve();
  await Promise.all(ended);
  await over.passes(1);
  expect(started).toEqual(['a', 'b', 'v']);
  expect(rooms).toBeGreaterThan(roomsBefore);
  expect(queue.roomFor('mass', 'work')).toBe(2);
});

test('work that throws is retried here, and has ended only when it succeeds', async () => {
  let tries = 0;
  await using over = await openQueueOver({
    onRoom: () => {},
    work: async () => {
      tries += 1;
      if (tries < 3) throw new TypeError('not yet');
    },
  });
  let hasEnded = false;
  over.queue.tryStart(chainJob('a'))?.then(() => {
    hasEnded = true;
  });
  await over.passes(600);
  expect([tries, hasEnded]).toEqual([2, false]);
  await over.passes(60_000);
  expect([tries, hasEnded]).toEqual([3, true]);
});

test('while a bucket is in an outage, one job probes it and no other starts', async () => {
  const started: string[] = [];
  await using over = await openQueueOver({
    concurrency: 4,
    onRoom: () => {},
    outages: [
      {
        storageUnitId: 'memory',
        bucketName: 'b',
        fault: { code: 'storage_unreachable', detail: 'it is away' },
        beganAtMs: 0,
        attempts: 1,
        notBeforeMs: 0,
      },
    ],
    buckets: ['b', 'other'],
    work: async (job, { storage }) => {
      started.push(nameOf(job));
      await over.time.sleep(100, undefined);
      await storage.head({ bucket: 'b', key: onlyKey });
    },
  });
  expect(over.queue.tryStart(chainJob('probe'))).not.toBeNull();
  expect(over.queue.tryStart(chainJob('behind'))).toBeNull();
  expect(over.queue.tryStart(chainJob('beside', 'other'))).not.toBeNull();
  await over.passes(1_000);
  expect(started).toEqual(['probe', 'beside']);
  expect(over.queue.tryStart(chainJob('behind'))).not.toBeNull();
});
