import { expect, test } from 'vitest';
import {
  makeAcceptance,
  makeChain,
  makeFinish,
  makeItem,
} from '../../../packages/engine/src/catalogue/fixtures-for-conformance.ts';
import { openPostgresCatalogue } from '../../../packages/engine/src/catalogue/postgres/open-postgres-catalogue.ts';
import { enqueue } from '../../../packages/engine/src/queue/pg-boss/jobs.ts';
import { createMigratedDatabase } from '../../../packages/engine/src/testing/postgres-catalogue.ts';
import { Report } from '../report.ts';
import { CatalogueView } from './catalogue-view.ts';
import { checkCluster } from './check-cluster.ts';

const projectId = 'project-1';
/** Short, since nothing in the test moves. Milliseconds. */
const quick = { jobsWithinMs: 100, numbersWithinMs: 100, orphanedMaxMs: 100, withoutJobMaxMs: 100 };

test('the checks find a changed end, a job and an event that stay, a lost job, a second import and a dead owner', async () => {
  await using database = await createMigratedDatabase();
  const opened = openPostgresCatalogue({ url: database.url, storeJobs: enqueue });
  await using catalogue = opened.catalogue;
  const { pool } = opened.connections;
  await using view = new CatalogueView({ url: () => database.url, isAway: false }, quick);
  const broken = async () => {
    const report = new Report();
    await checkCluster(view, report, quick);
    return report.lines().map((line) => line.slice(0, line.indexOf(':')));
  };
  expect(await broken()).toEqual([]);

  await catalogue.operations.accept(makeAcceptance(projectId, [makeItem('a')]));
  expect(await broken()).toEqual(['no job stays after its work has ended', 'every event gets a number']);

  await pool.query('delete from pgboss.job_common');
  await pool.query('delete from pending_events');
  await expect.poll(broken).toEqual(['work that waits has a job']);
  const [operation] = await catalogue.operations.startChain(makeChain(projectId), 'nobody', 2_000);
  if (operation === undefined) throw new Error('the import was not started');
  await pool.query('delete from pending_events');
  await expect.poll(broken).toEqual(['a running operation has a living node']);

  await catalogue.operations.finishImport(makeFinish(operation));
  await pool.query('delete from pending_events');
  expect(await broken()).toEqual([]);
  await pool.query(`update operations set message = 'late'`);
  expect(await broken()).toEqual(['an ended operation does not change']);

  await catalogue.operations.accept(makeAcceptance(projectId, [makeItem('a')]));
  // Has not waited for long, so it may be about to get a job.
  await pool.query(`update operations set updated_at_ms = ${Date.now() + 3_600_000} where ended_at_ms is null`);
  await pool.query('delete from pgboss.job_common');
  await pool.query('delete from pending_events');
  const writeEvents = (order: 'asc' | 'desc') =>
    pool.query(`delete from operation_events; insert into operation_events (project_id, cursor, operation_id, status, at_ms)
      select project_id, row_number() over (order by sequence ${order}), id, status, updated_at_ms from operations`);
  // Accepted after the first one has ended, whatever their times say.
  await pool.query('update operations set created_at_ms = 1000');
  await writeEvents('asc');
  expect(await broken()).toEqual([]);
  await writeEvents('desc');
  expect(await broken()).toEqual(['an item has one unfinished import']);
});
