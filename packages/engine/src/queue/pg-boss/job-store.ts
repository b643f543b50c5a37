import type { Kysely } from 'kysely';
import { type JobAttempt, PgBoss } from 'pg-boss';
import type { DueWork, Lane } from '../../catalogue/operation-records.ts';
import type { ConnectionPool } from '../../catalogue/postgres/connection-pool.ts';
import type { Schema } from '../../catalogue/schema.ts';
import { groupKeyOf, type Job } from '../port.ts';
import type { LanePlaces } from '../turns.ts';
import { bands, bringForward, dueOf, enqueueAlone, queueName } from './jobs.ts';

/** A node whose jobs have had no heartbeat for this long has died. The least that pg-boss can notice is 10. */
export const heartbeatSeconds = 15;
/** Interval at which one of the nodes looks for jobs without a heartbeat, in seconds. */
const monitorEverySeconds = 5;
/** Interval of what this program does not use: jobs that depend on each other. Seconds. */
const rarely = 60 * 60;

/** A job that this node has fetched. */
export type FetchedJob = {
  /** What to end or to keep. Without effect once another node has taken the job over. */
  readonly attempt: JobAttempt;
  readonly due: DueWork;
  /** The project and bucket of the job. */
  readonly group: string;
};

export type JobStoreOptions = {
  /** Connections to the database of the catalogue. The store does not close them. */
  readonly connections: Pick<ConnectionPool, 'pool' | 'database'>;
  /** Called once when pg-boss's own upkeep fails, until jobs can be fetched again. It keeps trying. */
  readonly onFault: (error: unknown) => void;
};

/**
 * The jobs of a working node in pg-boss. A node that runs a store also watches over the jobs of all nodes: those of a
 * node that has died are given to others.
 */
export class JobStore implements AsyncDisposable {
  readonly #boss: PgBoss;
  readonly #database: Kysely<Schema>;
  #isFailing = false;

  private constructor(boss: PgBoss, { connections, onFault }: JobStoreOptions) {
    this.#boss = boss;
    this.#database = connections.database;
    boss.on('error', (error) => {
      if (!this.#isFailing) onFault(error);
      this.#isFailing = true;
    });
  }

  /** Throws if the schema of pg-boss is missing or not the one of this release. */
  static async open(options: JobStoreOptions): Promise<JobStore> {
    const { pool } = options.connections;
    const boss = new PgBoss({
      db: { executeSql: async (text, values) => await pool.query(text, values === undefined ? [] : [...values]) },
      schema: 'pgboss',
      // Only `backup-sync migrate` changes the schema.
      migrate: false,
      createSchema: false,
      reindex: false,
      schedule: false,
      registerInstance: false,
      openTelemetry: { enabled: false },
      supervise: true,
      superviseIntervalSeconds: monitorEverySeconds,
      monitorIntervalSeconds: monitorEverySeconds,
      flowIntervalSeconds: rarely,
    });
    const store = new JobStore(boss, options);
    try {
      await boss.start();
      if ((await boss.getQueue(queueName)) === null) throw new Error(`the queue "${queueName}" is missing`);
    } catch (error) {
      await boss.stop({ graceful: false, close: false });
      throw error;
    }
    return store;
  }

  /**
   * Fetches the most urgent jobs for one kind of place. No two nodes get the same job, and of each key at most one job
   * runs.
   */
  async fetch(
    lane: Lane,
    work: keyof LanePlaces,
    count: number,
    ignoredGroups: readonly string[],
  ): Promise<readonly FetchedJob[]> {
    const options = { ...bands[lane][work], batchSize: count, ignoreGroups: [...ignoredGroups] };
    const jobs = await this.#boss.fetch<Job>(queueName, options);
    this.#isFailing = false;
    return jobs.map(({ id, retryCount, data }) => ({
      attempt: { id, retryCount },
      due: dueOf(data, lane, null),
      group: groupKeyOf(data),
    }));
  }

  /** Ends jobs whose work is done. A job that another node has taken over stays. */
  async end(jobs: readonly FetchedJob[]): Promise<void> {
    if (jobs.length === 0) return;
    // The operations remember what was done. Kept jobs would only make the table of the queue large.
    await this.#boss.deleteJob(
      queueName,
      jobs.map(({ attempt }) => attempt),
    );
  }

  /** Gives jobs to whichever node fetches them next, not before the time of each. */
  async giveBack(jobs: readonly (FetchedJob & { readonly notBeforeMs: number | null })[]): Promise<void> {
    await this.enqueue(jobs.map(({ due, notBeforeMs }) => ({ ...due, notBeforeMs })));
    // Afterwards, so that a node that dies in between leaves a job too many and not one too few.
    await this.end(jobs);
  }

  /** Tells that the work of these jobs continues. */
  async keep(jobs: readonly FetchedJob[]): Promise<void> {
    if (jobs.length === 0) return;
    await this.#boss.touch(
      queueName,
      jobs.map(({ attempt }) => attempt),
    );
  }

  /** Queues jobs in a transaction of their own. */
  async enqueue(due: readonly DueWork[]): Promise<void> {
    await enqueueAlone(this.#database, due);
  }

  /** Makes the waiting jobs of a bucket due now. */
  async bringForward(storageUnitId: string, bucketName: string): Promise<void> {
    await bringForward(this.#database, storageUnitId, bucketName);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#boss.stop({ graceful: false, close: false });
  }
}
