import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type CinderBackupPlan, isDataKey, type WrittenBackup, writeCinderBackup } from '../testing/cinder-writer.ts';
import { startS3Server } from '../testing/s3-test-server.ts';
import { seededBytes, seededUuid } from '../testing/seeded-bytes.ts';
import { syncItemOf } from '../testing/small-chain.ts';
import { answersOnly, doesBoth, openTestCluster } from '../testing/test-cluster.ts';

const bucket = 'backups';
const objectsOfLink = 20;

/** Four links, each with all its data. */
const links: WrittenBackup[] = [];
for (let day = 0; day < 4; day += 1) {
  const parent = links.at(-1);
  const plan: CinderBackupPlan = {
    volumeId: seededUuid('nodes/volume'),
    backupId: seededUuid(`nodes/${day}`),
    takenAtMs: Date.UTC(2026, 2, 1 + day),
    volume: seededBytes(`nodes/${day}`, objectsOfLink * 512),
    objectBytes: 512,
    blockBytes: 512,
    ...(parent !== undefined && { parent }),
  };
  links.push(writeCinderBackup(plan));
}

/** A backup of another chain. */
const other = writeCinderBackup({
  volumeId: seededUuid('nodes/other volume'),
  backupId: seededUuid('nodes/other'),
  takenAtMs: Date.UTC(2026, 2, 1),
  volume: seededBytes('nodes/other', 512),
  objectBytes: 512,
  blockBytes: 512,
});

const soon = { timeout: 20_000 };

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

/** Two working nodes over S3. The service can hold the data of the four links back. */
async function openWorkers() {
  await using opening = new AsyncDisposableStack();
  const asked: string[] = [];
  const gate = { opened: Promise.resolve() };
  const objects = Object.fromEntries([...links, other].flatMap((backup) => [...backup.objects]));
  const server = opening.use(
    await startS3Server({ [bucket]: objects }, async (key) => {
      if (allData.includes(key)) {
        asked.push(key);
        await gate.opened;
      }
      return null;
    }),
  );
  const cluster = opening.use(await openTestCluster());
  const storage = `s3:${server.options.endpoint}`;
  const asking = opening.use(await cluster.open({ ...answersOnly, storage }));
  const workers = [
    opening.use(await cluster.open({ ...doesBoth, storage })),
    opening.use(await cluster.open({ ...doesBoth, storage })),
  ];
  const ids = await asking.sync([...links, other].map((link) => syncItemOf(link, bucket)));
  for (const id of ids) expect(await asking.ended(id)).toMatchObject({ status: 'success' });
  // Until both know that they are two, neither asks the other for help.
  await expect.poll(() => workers.map((worker) => worker.servingNodes()), soon).toEqual([3, 3]);
  const client = new pg.Client({ connectionString: cluster.url });
  await client.connect();
  opening.defer(() => client.end());
  const owned = opening.move();
  return {
    asking,
    asked,
    /** Holds the data of the links back until the returned function is called. */
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate.opened = promise;
      return resolve;
    },
    verify: async (backup: WrittenBackup | undefined) => {
      const input = { backup_id: backup?.plan.backupId ?? '', level: 'content' } as const;
      return (await asking.call('verifyBackup', input)).operation_id;
    },
    /** The number of nodes that read links of this verification now. */
    async readers(operationId: string): Promise<number> {
      const { rows } = await client.query<{ count: number }>(
        "select count(distinct lease_owner)::int as count from verification_parts where operation_id = $1 and state = 'held'",
        [operationId],
      );
      return rows[0]?.count ?? 0;
    },
    /** Makes the jobs that run as old as they may become. */
    expireJobs: () =>
      client.query("update pgboss.job_common set started_on = started_on - interval '25 hours' where state = 'active'"),
    /** The jobs of the queue, by the number of times that each was given to another worker. */
    async jobs(): Promise<readonly number[]> {
      const { rows } = await client.query<{ retries: number }>(
        "select retry_count as retries from pgboss.job_common where name = 'work'",
      );
      return rows.map(({ retries }) => retries);
    },
    /** The number of nodes that have leases on these operations. */
    async nodesOf(operationIds: readonly string[]): Promise<number> {
      const { rows } = await client.query<{ count: number }>(
        'select count(distinct lease_owner)::int as count from operations where id = any($1)',
        [operationIds],
      );
      return rows[0]?.count ?? 0;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const allData = links.flatMap(({ objects }) => [...objects.keys()].filter(isDataKey)).toSorted();

test('two working nodes share the links of a verification, and read each object once', async () => {
  await using world = await openWorkers();
  const release = world.hold();
  const id = await world.verify(links[3]);
  await expect.poll(() => world.readers(id), soon).toBe(2);
  release();
  const operation = await world.asking.ended(id);
  expect(operation).toMatchObject({ status: 'success', progress: { objects: links.length * objectsOfLink } });
  expect(world.asked.toSorted()).toEqual(allData);
  const { backup } = await world.asking.call('showBackup', { backup_id: links.at(-1)?.plan.backupId ?? '' });
  expect(backup).toMatchObject({ status: 'available', backup_sync: { level: 'content' } });
});

test('two verifications of one chain on two nodes wait for each other, and read nothing twice', async () => {
  await using world = await openWorkers();
  const release = world.hold();
  const ids = [await world.verify(links[3]), await world.verify(links[2])];
  const statuses = async () =>
    (await Promise.all(ids.map((operation_id) => world.asking.call('showOperation', { operation_id })))).map(
      ({ operation }) => operation.status,
    );
  await expect.poll(statuses, soon).toEqual(['running', 'running']);
  expect(await world.nodesOf(ids)).toBe(2);
  // The one that waits keeps neither its node from other chains, nor from helping the one that it waits for.
  expect(await world.asking.ended(await world.verify(other))).toMatchObject({ status: 'success' });
  await expect.poll(() => world.readers(ids[0] ?? ''), soon).toBe(2);
  expect(await statuses()).toEqual(['running', 'running']);
  release();
  for (const id of ids) expect(await world.asking.ended(id)).toMatchObject({ status: 'success' });
  expect(world.asked.toSorted()).toEqual(allData);
});

test('a verification that outlives its job continues where it runs, and the second job of it ends', async () => {
  await using world = await openWorkers();
  const release = world.hold();
  const id = await world.verify(links[0]);
  await expect.poll(() => world.readers(id), soon).toBe(1);
  await world.expireJobs();
  // The other worker ends the second job at once. The same worker, if it gets it, keeps it.
  await expect.poll(() => world.jobs(), soon).not.toContain(0);
  release();
  expect(await world.asking.ended(id)).toMatchObject({ status: 'success' });
  await expect.poll(() => world.jobs(), soon).toEqual([]);
  expect(world.asked.toSorted()).toEqual(allData.filter((key) => links[0]?.objects.has(key)));
});
