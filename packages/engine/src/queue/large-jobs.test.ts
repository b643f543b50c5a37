import { expect, test } from 'vitest';
import { chainJob, nameOf, onlyKey, openQueueOver } from '../testing/queue-over.ts';
import type { JobRun } from './port.ts';

/** Reads 2.5 MB, more than a small job reads. */
async function readMuch({ storage }: JobRun): Promise<void> {
  for (let read = 0; read < 25; read += 1) {
    const { body } = await storage.get({ bucket: 'b', key: onlyKey });
    for await (const _ of body) {
      // Only its size matters.
    }
  }
}

test('jobs that have read much take several places each, and small ones use what is left', async () => {
  const holding = new Set<string>();
  let mostLarge = 0;
  let mostBesideLarge = 0;
  let mostSmall = 0;
  await using over = await openQueueOver({
    concurrency: 5,
    placesOfLargeJob: 2,
    work: async (job, run) => {
      const name = nameOf(job);
      if (name.startsWith('large')) await readMuch(run);
      holding.add(name);
      const large = [...holding].filter((each) => each.startsWith('large')).length;
      mostLarge = Math.max(mostLarge, large);
      if (large === 2) mostBesideLarge = Math.max(mostBesideLarge, holding.size - large);
      if (large === 0) mostSmall = Math.max(mostSmall, holding.size);
      await over.time.sleep(100, undefined);
      holding.delete(name);
    },
  });
  for (let index = 0; index < 6; index += 1) {
    over.queue.add(chainJob(`small-${index}`));
    over.queue.add(chainJob(`large-${index}`));
  }
  for (let index = 6; index < 20; index += 1) over.queue.add(chainJob(`small-${index}`));
  await over.passes(10_000);
  expect(holding).toEqual(new Set());
  expect({ mostLarge, mostBesideLarge, mostSmall }).toEqual({ mostLarge: 2, mostBesideLarge: 1, mostSmall: 5 });
  expect(over.faults).toEqual([]);
});

test('a large job that waits for its places gets them, however many small ones are queued', async () => {
  const ended: string[] = [];
  await using over = await openQueueOver({
    concurrency: 4,
    placesOfLargeJob: 4,
    work: async (job, run) => {
      if (nameOf(job) === 'large') await readMuch(run);
      await over.time.sleep(100, undefined);
      ended.push(nameOf(job));
    },
  });
  over.queue.add(chainJob('large'));
  for (let index = 0; index < 40; index += 1) over.queue.add(chainJob(`small-${index}`));
  await over.passes(10_000);
  expect(ended).toHaveLength(41);
  expect(ended.indexOf('large')).toBeLessThan(8);
});
