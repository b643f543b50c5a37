import { openConnectionPool } from '../catalogue/postgres/connection-pool.ts';
import { SessionConnection } from '../catalogue/postgres/session-connection.ts';
import { systemClock } from '../clock.ts';
import { noLog } from '../log-events.ts';
import { AcceptanceFirst } from '../queue/acceptance-first.ts';
import { InProcessJobQueue } from '../queue/in-process-job-queue.ts';
import { JobStore } from '../queue/pg-boss/job-store.ts';
import { jobsChannel, queueName } from '../queue/pg-boss/jobs.ts';
import { WorkerFeed } from '../queue/pg-boss/worker-feed.ts';
import type { JobWork } from '../queue/port.ts';
import { askBeforeRequests } from '../storage/asked-storage-unit.ts';
import { systemSleep } from '../storage/bucket-budget.ts';
import { BucketWatch } from '../storage/bucket-watch.ts';
import { openMemoryStorageUnit } from './memory-storage-unit.ts';
import { createMigratedDatabase } from './postgres-catalogue.ts';
import { onlyKey } from './queue-over.ts';

/** A job as it is stored. */
export type StoredJob = {
  readonly state: string;
  readonly priority: number;
  /** Seconds until it may be fetched, rounded. */
  readonly waitsS: number;
  /** Number of times that it was fetched again. */
  readonly retries: number;
};

/** A fresh database with a catalogue and the queue of pg-boss. */
export async function openQueueCluster() {
  await using opening = new AsyncDisposableStack();
  const { url } = opening.use(await createMigratedDatabase());
  const { pool, database } = opening.use(openConnectionPool(url, 4));
  const owned = opening.move();
  return {
    url,
    database,
    /** The jobs of pg-boss, oldest first. */
    async stored(): Promise<readonly StoredJob[]> {
      const { rows } = await pool.query<StoredJob>(
        `select state, priority, round(extract(epoch from start_after - now()))::int as "waitsS", retry_count as retries
        from pgboss.job where name = $1 order by created_on, state desc`,
        [queueName],
      );
      return rows;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export type NodeOptions = {
  readonly work: JobWork;
  readonly concurrency?: number;
  /** Awaited before each request to a bucket is made. */
  readonly beforeRequest?: (bucketName: string) => Promise<void>;
};

/** A working node over the queue in this database, in real time, over storage in memory. */
export async function openQueueNode(url: string, { work, concurrency = 1, beforeRequest }: NodeOptions) {
  await using opening = new AsyncDisposableStack();
  const faults: unknown[] = [];
  const onFault = (error: unknown) => void faults.push(error);
  const connections = opening.use(openConnectionPool(url, 4));
  const shared = { clock: systemClock, random: Math.random, log: noLog };
  const memory = openMemoryStorageUnit(new Map([['b', new Map([[onlyKey, new Uint8Array(1_000)]])]]));
  const storage = askBeforeRequests(memory, async ({ bucket }, make) => {
    await beforeRequest?.(bucket);
    return await make();
  });
  const store = { saveOutage: async () => {}, endOutage: async () => {}, listOutages: async () => [] };
  const buckets = opening.use(await BucketWatch.open({ ...shared, store, onFault, onFailedAgain: () => {} }));
  const jobs = opening.use(await JobStore.open({ connections, onFault }));
  const session = opening.use(
    await SessionConnection.open({
      address: { connectionString: url },
      sleep: systemSleep,
      random: Math.random,
      onLost: () => {},
    }),
  );
  const feed = opening.use(
    new WorkerFeed({
      jobs,
      openScheduler: (onRoom) =>
        new InProcessJobQueue({
          ...shared,
          acceptance: new AcceptanceFirst(systemClock, systemSleep),
          work,
          concurrency,
          storage,
          buckets,
          sleep: systemSleep,
          onFault: (_, error) => onFault(error),
          onRoom,
        }),
      buckets,
      clock: systemClock,
      sleep: systemSleep,
      onFault,
    }),
  );
  await session.listen(jobsChannel, () => feed.wake());
  const owned = opening.move();
  return { jobs, faults, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
