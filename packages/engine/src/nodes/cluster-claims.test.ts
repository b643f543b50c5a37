import { expect, test } from 'vitest';
import { SessionConnection } from '../catalogue/postgres/session-connection.ts';
import { systemSleep } from '../storage/bucket-budget.ts';
import { openJobRun } from '../testing/job-run.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { chainJob } from '../testing/queue-over.ts';
import { createTestDatabase, run } from '../testing/test-database.ts';
import { claimOverNodes } from './cluster-claims.ts';

test('a job that claims a name again has it at once, also after the session of its node was lost', async () => {
  await using database = await createTestDatabase();
  const lost = Promise.withResolvers<void>();
  const open = (onLost: () => void) =>
    SessionConnection.open({
      address: { connectionString: database.url },
      sleep: systemSleep,
      random: Math.random,
      onLost,
    });
  await using session = await open(lost.resolve);
  await using other = await open(() => {});
  const { signal } = new AbortController();
  const otherMayTake = async () => {
    await using lock = await other.tryLock('claim volume');
    return lock !== null;
  };
  const work = claimOverNodes(
    async (_, { claim }) => {
      await claim('volume', signal);
      await claim('volume', signal);
      expect(await otherMayTake()).toBe(false);
      await run(database.url, "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'");
      await lost.promise;
      await claim('volume', signal);
      expect(await otherMayTake()).toBe(false);
    },
    session,
    systemSleep,
  );
  await work(chainJob('a'), openJobRun(openMemoryStorageUnit(new Map())));
  expect(await otherMayTake()).toBe(true);
});
