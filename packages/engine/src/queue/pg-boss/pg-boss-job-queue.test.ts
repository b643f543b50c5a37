import { expect, test } from 'vitest';
import type { DueWork } from '../../catalogue/operation-records.ts';
import { chainJob, operationJob } from '../../testing/queue-over.ts';
import { PgBossJobQueue } from './pg-boss-job-queue.ts';

test('jobs that are added at once are sent at once, and anyone who adds one learns that it could not be stored', async () => {
  const sent: (readonly DueWork[])[] = [];
  let isAway = false;
  const enqueue = async (due: readonly DueWork[]) => {
    if (isAway) throw new Error('the database is away');
    sent.push(due);
  };
  await using queue = new PgBossJobQueue({ enqueue, feed: null });
  const jobs = [chainJob('a'), operationJob('s', 'scan')];
  await Promise.all(jobs.map((job) => queue.add(job)));
  expect(sent).toEqual([jobs]);
  isAway = true;
  await expect(queue.add(chainJob('b'))).rejects.toThrow('the database is away');
  isAway = false;
  await queue.add(chainJob('c'));
  expect(sent).toEqual([jobs, [chainJob('c')]]);
});
