import bossPackage from 'pg-boss/package.json' with { type: 'json' };
import { expect, test } from 'vitest';
import { newestSchema } from '../catalogue/migrate.ts';
import { parseDatabaseAddress } from '../catalogue/postgres/database-address.ts';
import { inspectDatabase } from '../inspect-database.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { answersOnly, openTestCluster, worksOnly } from '../testing/test-cluster.ts';
import { run } from '../testing/test-database.ts';

const bucket = 'volumebackups';

test('processes of this release go on, and start, after the migration of the next one, until that needs a newer release', async () => {
  await using cluster = await openTestCluster();
  const chain = writeSmallChain('releases', 8, [[1]]);
  for (const { objects } of chain) await cluster.buckets.put(bucket, objects);
  await using working = await cluster.open(worksOnly);
  await using answering = await cluster.open(answersOnly);
  const items = chain.map((backup) => syncItemOf(backup, bucket));
  const [before = ''] = await answering.sync(items.slice(0, 1));
  expect(await answering.ended(before)).toMatchObject({ status: 'success' });
  // A migration of no release, which only adds.
  await run(
    cluster.url,
    `begin;
    create table of_the_next_release (id text primary key, backup_id text);
    alter table backups add column of_the_next_release text;
    alter table operations add column of_the_next_release bigint not null default 0;
    create index operations_of_the_next_release on operations (of_the_next_release);
    update schema_version set version = ${newestSchema + 1}, oldest_compatible = ${newestSchema};
    commit`,
  );
  await using started = await cluster.open(answersOnly);
  const [after = ''] = await started.sync(items.slice(1));
  expect(await answering.ended(after)).toMatchObject({ status: 'success' });
  expect((await started.call('listBackups', {})).backups).toHaveLength(2);

  // A newer pg-boss may come with it. Workers that run need not notice, and others say what to do.
  const own = bossPackage.pgboss.schema;
  for (const [version, remedy] of [
    [own + 1, 'Use the release that has run "backup-sync migrate".'],
    [own - 1, 'Upgrade it with "backup-sync migrate".'],
  ] as const) {
    await run(cluster.url, `update pgboss.version set version = ${version}`);
    const message = expect.stringContaining(`has version ${version}; this release needs version ${own}. ${remedy}`);
    await expect(cluster.open(worksOnly)).rejects.toMatchObject({ name: 'DatabaseError', message });
    const { queueProblem } = await inspectDatabase(parseDatabaseAddress(cluster.url, 'the test'));
    expect(queueProblem).toEqual(message);
  }
  await using _answering = await cluster.open(answersOnly);
  const [last = ''] = await answering.sync(items.slice(0, 1));
  expect(await answering.ended(last)).toMatchObject({ status: 'success' });
  expect([...working.faults, ...answering.faults, ...started.faults]).toEqual([]);

  await run(cluster.url, `update schema_version set oldest_compatible = ${newestSchema + 1}`);
  await expect(cluster.open(worksOnly)).rejects.toMatchObject({
    name: 'DatabaseError',
    message: expect.stringContaining(`this release knows schemas up to ${newestSchema}. Use a newer release.`),
  });
});
