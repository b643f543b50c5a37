import { expect, test } from 'vitest';
import { chainJob, nameOf, onlyKey, openQueueOver } from '../testing/queue-over.ts';

const gets = 3;

/** A queue whose jobs read an object several times. Returns with it the jobs by the times at which they read. */
async function openReadingQueue() {
  const reads: [name: string, atMs: number][] = [];
  const over = await openQueueOver({
    concurrency: 4,
    work: async (job, { storage }) => {
      for (let read = 0; read < gets; read += 1) {
        await storage.head({ bucket: 'b', key: onlyKey });
        reads.push([nameOf(job), over.time.clock.monotonicMs()]);
      }
    },
  });
  return { ...over, reads, [Symbol.asyncDispose]: () => over[Symbol.asyncDispose]() };
}

test('while calls are accepted, jobs make one request at a time, interactive ones first, and go on at once afterwards', async () => {
  await using over = await openReadingQueue();
  const accepted = Promise.withResolvers<void>();
  const accepting = over.acceptance.run(() => accepted.promise);
  for (const name of ['mass-1', 'mass-2']) await over.queue.add(chainJob(name));
  await over.queue.add(chainJob('interactive', 'b', { lane: 'interactive' }));
  await over.passes(45);
  expect(over.reads).toEqual([
    ['interactive', 10],
    ['interactive', 20],
    ['interactive', 30],
    ['mass-1', 40],
  ]);
  accepted.resolve();
  await accepting;
  const endedAtMs = over.time.clock.monotonicMs();
  await over.passes(200);
  expect(over.reads).toHaveLength(3 * gets);
  expect(over.reads.at(-1)?.[1]).toBeLessThanOrEqual(endedAtMs + 50);
});

test('without calls, jobs do not wait', async () => {
  await using over = await openReadingQueue();
  await expect(over.acceptance.run(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  await over.passes(50);
  const beganAtMs = over.time.clock.monotonicMs();
  for (const name of ['a', 'b']) await over.queue.add(chainJob(name));
  await over.passes(1);
  expect(over.reads.map(([, atMs]) => atMs)).toEqual(Array(2 * gets).fill(beganAtMs));
});
