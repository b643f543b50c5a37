import { v7 as newId } from 'uuid';
import { expect, test } from 'vitest';
import { makeAcceptance, makeFinish, makeItem } from '../../catalogue/fixtures-for-conformance.ts';
import { parseDatabaseAddress } from '../../catalogue/postgres/database-address.ts';
import { migratePostgres } from '../../catalogue/postgres/migrate-postgres.ts';
import { openPostgresCatalogue } from '../../catalogue/postgres/open-postgres-catalogue.ts';
import { openQueueCluster, openQueueNode } from '../../testing/queue-cluster.ts';
import type { Job } from '../port.ts';
import { enqueue } from './jobs.ts';

const roots = ['chain-1', 'chain-2', 'chain-3'];
const acceptances = 10;

test('imports that are accepted for chains while two nodes work on them all end, without the sweeper', async () => {
  await using cluster = await openQueueCluster();
  await migratePostgres(parseDatabaseAddress(cluster.url, 'the test'));
  const { catalogue } = openPostgresCatalogue({ url: cluster.url, storeJobs: enqueue });
  await using _closing = catalogue;
  const projectId = newId();
  const workAs = (owner: string) => async (job: Job) => {
    if (job.kind !== 'chain') return;
    for (const operation of await catalogue.operations.startChain(job.chain, owner, 2_000)) {
      await catalogue.operations.finishImport(makeFinish(operation));
    }
  };
  await using one = await openQueueNode(cluster.url, { work: workAs('one'), concurrency: 2 });
  await using other = await openQueueNode(cluster.url, { work: workAs('other'), concurrency: 2 });
  const acceptAll = async (acceptor: number) => {
    for (let index = 0; index < acceptances; index += 1) {
      const chainRoot = roots[(acceptor + index) % roots.length] ?? '';
      const item = makeItem(`backup-${acceptor}-${index}`);
      await catalogue.operations.accept(makeAcceptance(projectId, [item], { chainRoot }));
    }
  };
  await Promise.all([0, 1, 2, 3].map(acceptAll));
  await expect.poll(() => catalogue.operations.countBacklog(projectId)).toBe(0);
  await expect.poll(() => cluster.stored()).toEqual([]);
  expect([...one.faults, ...other.faults]).toEqual([]);
});
