import { type Kysely, sql } from 'kysely';
import type { DueWork, SingleKind } from '../../catalogue/operation-records.ts';
import type { ChainColumns } from '../../catalogue/operation-rows.ts';
import { chainOfRow, laneOf, singleKinds } from '../../catalogue/operation-rows.ts';
import { NodeDuty } from '../../catalogue/postgres/node-duty.ts';
import type { SessionConnection } from '../../catalogue/postgres/session-connection.ts';
import type { Schema } from '../../catalogue/schema.ts';
import type { Sleep } from '../../storage/bucket-budget.ts';
import { enqueueAlone, keyOf, queueName } from './jobs.ts';

const sweepEveryMs = 30_000;
/** Operations that have waited less long may be about to get a job. Milliseconds. */
const waitsAtLeastMs = 60_000;
/** Maximum number of jobs of one sweep. */
const jobsAtOnce = 1_000;

/**
 * Queues a job for each chain and single operation that waits without one, as after a queue was restored from an older
 * backup. Returns how many there were.
 */
export async function sweep(database: Kysely<Schema>): Promise<number> {
  const lost = await findLost(database, waitsAtLeastMs);
  await enqueueAlone(database, lost);
  return lost.length;
}

/** Returns chains and single operations that have waited for so long and have no job. */
export async function findLost(database: Kysely<Schema>, waitsAtLeastMs: number): Promise<readonly DueWork[]> {
  const { rows } = await sql<LostRow>`
    with waiting as (
      select
        kind, case when chain_root is null then id end as operation_id, project_id, storage_unit_id, bucket_name,
        chain_root, max(interactive_for) as interactive_for, min(coalesce(not_before_ms, 0)) as not_before_ms
      from operations
      where ended_at_ms is null and status = 'waiting'
        and (kind = 'import' and chain_root is not null or kind in (${sql.join(singleKinds)}))
        -- The end of the other import queues a job for these.
        and waits_for_backup_id is null
        and updated_at_ms <= extract(epoch from clock_timestamp()) * 1000 - ${waitsAtLeastMs}::double precision
      group by 1, 2, 3, 4, 5, 6
    )
    select
      kind, operation_id, project_id, storage_unit_id, bucket_name, chain_root, interactive_for,
      nullif(not_before_ms, 0)::double precision as not_before_ms
    from waiting
    where not exists (
      select 1 from pgboss.job_common as job
      where job.name = ${queueName} and job.state <= 'active' and job.singleton_key = ${keyOf({
        operation_id: sql`waiting.operation_id`,
        project_id: sql`waiting.project_id`,
        storage_unit_id: sql`waiting.storage_unit_id`,
        bucket_name: sql`waiting.bucket_name`,
        chain_root: sql`waiting.chain_root`,
      })}
    )
    limit ${jobsAtOnce}
  `.execute(database);
  return rows.map(toDue);
}

type LostRow = ChainColumns & {
  readonly kind: string;
  readonly operation_id: string | null;
  readonly interactive_for: string | null;
  readonly not_before_ms: number | null;
};

function toDue(row: LostRow): DueWork {
  const common = { lane: laneOf(row), notBeforeMs: row.not_before_ms };
  const chain = chainOfRow(row);
  if (chain !== null) return { kind: 'chain', chain, ...common };
  if (row.operation_id === null) throw new TypeError('an operation without a chain has an id');
  return {
    kind: 'operation',
    operation: {
      id: row.operation_id,
      // The query has selected these kinds.
      kind: row.kind as SingleKind,
      projectId: row.project_id,
      storageUnitId: row.storage_unit_id,
      bucketName: row.bucket_name,
    },
    ...common,
  };
}

export type SweeperOptions = {
  readonly database: Kysely<Schema>;
  readonly session: SessionConnection;
  readonly sleep: Sleep;
  /** Called with the error of a sweep. The next one follows in any case. */
  readonly onFault: (error: unknown) => void;
};

/** Sweeps every 30 s, on one node of the cluster at a time. */
export class Sweeper implements AsyncDisposable {
  readonly #options: SweeperOptions;
  readonly #stopping = new AbortController();
  readonly #loop: Promise<void>;

  constructor(options: SweeperOptions) {
    this.#options = options;
    this.#loop = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('the node is stopping'));
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { database, session, sleep, onFault } = this.#options;
    const { signal } = this.#stopping;
    const duty = new NodeDuty(session, 'sweep jobs');
    while (!signal.aborted) {
      try {
        // One sweep finds a part of what a queue that was restored from an older backup lacks.
        while ((await duty.take()) !== null && (await sweep(database)) === jobsAtOnce && !signal.aborted) {}
      } catch (error) {
        onFault(error);
      }
      await sleep(sweepEveryMs, signal).catch(() => {});
    }
    await duty[Symbol.asyncDispose]();
  }
}
