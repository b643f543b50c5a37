import { sql } from 'kysely';
import { v7 as newId } from 'uuid';
import { expect, test } from 'vitest';
import { createMigratedDatabase } from '../../testing/postgres-catalogue.ts';
import { run } from '../../testing/test-database.ts';
import { startTransactionPooler } from '../../testing/transaction-pooler.ts';
import { fixedQuery } from '../fixed-query.ts';
import { makeAcceptance, makeChain, makeFinish, makeItem } from '../fixtures-for-conformance.ts';
import { accept } from '../steps/accept.ts';
import { openConnectionPool } from './connection-pool.ts';
import { beginLocks } from './held-locks.ts';
import { openPostgresCatalogue } from './open-postgres-catalogue.ts';

/** Opens a catalogue at this address. Its jobs are not stored. */
function openAt(url: string) {
  return openPostgresCatalogue({ url, storeJobs: async () => {} }).catalogue;
}

test('a connection prepares the fixed queries of a step once, and no others', async () => {
  await using migrated = await createMigratedDatabase(false);
  await using connections = openConnectionPool(migrated.url, 1);
  const { database } = connections;
  const prepared = async () => {
    const { rows } = await sql<{ statement: string }>`
      select statement from pg_prepared_statements order by prepare_time`.execute(database);
    return rows.map(({ statement }) => statement);
  };
  const acceptOne = () =>
    database.transaction().execute(async (transaction) => {
      beginLocks(transaction, ['identity', 'project']);
      await accept(transaction, makeAcceptance('project-1', [makeItem(newId())]));
    });
  await acceptOne();
  const first = await prepared();
  expect(first.filter((statement) => statement.includes('insert into "operations"'))).toHaveLength(1);
  expect(first.filter((statement) => statement.includes('pg_prepared_statements'))).toEqual([]);
  await acceptOne();
  expect(await prepared()).toEqual(first);
});

test('steps in progress survive a migration that changes their tables, and do each thing once', async () => {
  await using migrated = await createMigratedDatabase(false);
  await using catalogue = openAt(migrated.url);
  const projectId = newId();
  const importOne = async (backupId: string, betweenSteps: () => Promise<void>) => {
    await catalogue.operations.accept(makeAcceptance(projectId, [makeItem(backupId)]));
    await betweenSteps();
    const [operation] = await catalogue.operations.startChain(makeChain(projectId), 'worker', 2_000);
    if (operation === undefined) throw new Error('the import was not started');
    await betweenSteps();
    const finished = await catalogue.operations.finishImport(makeFinish(operation));
    await betweenSteps();
    return { epoch: operation.epoch, finished, shown: await catalogue.backups.showBackup(projectId, backupId) };
  };
  let added = 0;
  const migrate = async () => {
    added += 1;
    for (const table of ['operations', 'backups', 'verifications', 'resource_heads']) {
      await run(migrated.url, `alter table ${table} add column added_${added} text`);
    }
  };
  // Often enough for plans that are kept.
  for (let index = 0; index < 8; index += 1) await importOne(`before-${index}`, async () => {});
  const { epoch, finished, shown } = await importOne('during', migrate);
  expect(epoch).toBe(1);
  expect(finished.result).toBe('finished');
  expect(shown).toMatchObject({ backupId: 'during', revision: 1 });
  expect(await catalogue.operations.countBacklog(projectId)).toBe(0);
});

test('a query whose result has other columns since a migration fails once on a connection', async () => {
  await using migrated = await createMigratedDatabase(false);
  await using connections = openConnectionPool(migrated.url, 1);
  const { database } = connections;
  const projects = fixedQuery((on, { id }: { id: string }) =>
    on.selectFrom('projects').where('id', '=', id).selectAll(),
  );
  await projects.all(database, { id: 'default' });
  await run(migrated.url, 'alter table projects add column added text');
  await expect(projects.all(database, { id: 'default' })).rejects.toMatchObject({ code: '0A000' });
  expect(await projects.all(database, { id: 'default' })).toEqual([]);
});

test('behind a pooler that gives connections the statements of others, steps do each thing once', async () => {
  await using migrated = await createMigratedDatabase(false);
  await using pooler = await startTransactionPooler(migrated.url);
  await using catalogue = openAt(pooler.url);
  const projectId = newId();
  const acceptances = Array.from({ length: 12 }, (_, index) =>
    makeAcceptance(projectId, [makeItem(`backup-${index}`)]),
  );
  // The first client of the pooler logs in alone.
  await catalogue.operations.countBacklog(projectId);
  await Promise.all(acceptances.map((acceptance) => catalogue.operations.accept(acceptance)));
  expect(await catalogue.operations.countBacklog(projectId)).toBe(acceptances.length);
  const started = await catalogue.operations.startChain(makeChain(projectId), 'worker', 2_000);
  expect(started.map(({ epoch }) => epoch)).toEqual(acceptances.map(() => 1));
  const finishes = started.map((operation) => catalogue.operations.finishImport(makeFinish(operation)));
  expect(new Set((await Promise.all(finishes)).map(({ result }) => result))).toEqual(new Set(['finished']));
  expect(await catalogue.operations.countBacklog(projectId)).toBe(0);
});

test('statements that a pooler has thrown away are sent without names from then on', async () => {
  await using migrated = await createMigratedDatabase(false);
  await using connections = openConnectionPool(migrated.url, 1);
  const { database } = connections;
  const projects = fixedQuery((on, { id }: { id: string }) =>
    on.selectFrom('projects').where('id', '=', id).select('id'),
  );
  await projects.first(database, { id: 'default' });
  await sql`deallocate all`.execute(database);
  await expect(projects.first(database, { id: 'default' })).rejects.toMatchObject({ code: '26000' });
  await projects.first(database, { id: 'default' });
  const { rows } = await sql`select name from pg_prepared_statements`.execute(database);
  expect(rows).toEqual([]);
});
