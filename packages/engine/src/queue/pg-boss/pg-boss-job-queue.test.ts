import { expect, test } from 'vitest';
import type { DueWork } from '../../catalogue/operation-records.ts';
import { chainJob, operationJob } from '../../testing/queue-over.ts';
import { PgBossJobQueue } from './pg-boss-job-queue.ts';

/** Machines may be busy. */
const soon = { timeout: 10_000 };

test('jobs that are added at once are sent at once, and a database that is away is reported once', async () => {
  const sent: (readonly DueWork[])[] = [];
  const faults: unknown[] = [];
  let isAway = false;
  const queue = new PgBossJobQueue({
    enqueue: async (due) => {
      if (isAway) throw new Error('the database is away');
      sent.push(due);
    },
    onFault: (error) => faults.push(error),
    feed: null,
  });
  const jobs = [chainJob('a'), operationJob('s', 'scan')];
  for (const job of jobs) queue.add(job);
  await expect.poll(() => sent, soon).toEqual([jobs]);
  isAway = true;
  queue.add(chainJob('b'));
  await expect.poll(() => faults, soon).toHaveLength(1);
  queue.add(chainJob('c'));
  await queue[Symbol.asyncDispose]();
  expect(faults).toHaveLength(1);
  expect(sent).toEqual([jobs]);
});
