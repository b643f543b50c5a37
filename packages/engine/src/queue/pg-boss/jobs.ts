import { type Kysely, type RawBuilder, sql } from 'kysely';
import { fixedQuery } from '../../catalogue/fixed-query.ts';
import type { DueWork, Lane } from '../../catalogue/operation-records.ts';
import { untilUnhindered } from '../../catalogue/postgres/postgres-fault.ts';
import type { Schema } from '../../catalogue/schema.ts';
import { groupKeyOf, type Job, keyOf as keyInBucket, placeOf, pointerOf } from '../port.ts';
import { isListing, type LanePlaces, workOf } from '../turns.ts';

/** The only queue of pg-boss. It has a job for each chain and each single operation with work. */
export const queueName = 'work';

/** The channel of notifications about jobs that may be fetched. */
export const jobsChannel = 'backup_sync_jobs';

/** A job that was set back by a wrong clock waits no longer than this. */
const waitsAtMost = sql`interval '10 minutes'`;

/** The priorities of the jobs for one kind of place. */
export type Band = { readonly minPriority: number; readonly maxPriority: number };

/**
 * Jobs for each kind of place have their own priorities, so that a node fetches only what it has places for. Within a
 * band, scans and plans go first.
 */
export const bands: { readonly [Each in Lane]: { readonly [Work in keyof LanePlaces]: Band } } = {
  interactive: {
    work: { minPriority: 30, maxPriority: 31 },
    verification: { minPriority: 20, maxPriority: 20 },
  },
  mass: {
    work: { minPriority: 10, maxPriority: 11 },
    verification: { minPriority: 0, maxPriority: 0 },
  },
};

function priorityOf(due: DueWork): number {
  const { minPriority, maxPriority } = bands[due.lane][workOf(due)];
  return isListing(due) ? maxPriority : minPriority;
}

/** The columns of which the key of a job consists. `operation_id` is null for a chain. */
export type KeyColumns = {
  readonly operation_id: RawBuilder<unknown>;
  readonly project_id: RawBuilder<unknown>;
  readonly storage_unit_id: RawBuilder<unknown>;
  readonly bucket_name: RawBuilder<unknown>;
  readonly chain_root: RawBuilder<unknown>;
};

/** The key of a job. A digest, since an index entry of PostgreSQL cannot hold two names of 1,024 bytes. */
export function keyOf({ operation_id, project_id, storage_unit_id, bucket_name, chain_root }: KeyColumns) {
  return sql<string>`coalesce(${operation_id}, encode(sha256(convert_to(
    json_build_array(${project_id}, ${storage_unit_id}, ${bucket_name}, ${chain_root})::text, 'UTF8')), 'hex'))`;
}

const given: KeyColumns = {
  operation_id: sql`given.operation_id`,
  project_id: sql`given.project_id`,
  storage_unit_id: sql`given.storage_unit_id`,
  bucket_name: sql`given.bucket_name`,
  chain_root: sql`given.chain_root`,
};

/**
 * Queues jobs in the caller's transaction. A job that is queued already keeps the higher priority and the earlier time.
 * If its work runs, another job follows it.
 *
 * Locks the queued jobs of these keys until the transaction ends, in the order of their keys. So no worker takes a job
 * before it can read the rows that the transaction writes.
 */
export async function enqueue(database: Kysely<Schema>, due: readonly DueWork[]): Promise<void> {
  if (due.length === 0) return;
  await insertJobs.all(database, { rows: JSON.stringify(eachOnce(due).map(toRow)) });
}

const insertJobs = fixedQuery((_, { rows }: { rows: string }) => {
  return sql`
    with queued as (
      insert into pgboss.job_common as job (
        name, data, priority, start_after, created_on, singleton_key, group_id, policy, expire_seconds,
        deletion_seconds, keep_until, retry_limit, retry_delay, retry_backoff, heartbeat_seconds
      )
      select
        queue.name, due.data, due.priority, due.start_after, pgboss.job_now(), due.key, due.group_id, queue.policy,
        queue.expire_seconds, queue.deletion_seconds, due.start_after + queue.retention_seconds * interval '1 second',
        queue.retry_limit, queue.retry_delay, queue.retry_backoff, queue.heartbeat_seconds
      from (
        select
          given.data, given.priority, given.group_id, ${keyOf(given)} as key,
          least(
            coalesce(to_timestamp(given.not_before_ms / 1000), pgboss.job_now()), pgboss.job_now() + ${waitsAtMost}
          ) as start_after
        from json_to_recordset(${rows}::text::json) as given (
          data jsonb, priority integer, group_id text, operation_id text, project_id text, storage_unit_id text,
          bucket_name text, chain_root text, not_before_ms double precision
        )
      ) as due
      join pgboss.queue on queue.name = ${queueName}
      order by due.key
      on conflict (name, state, coalesce(singleton_key, '')) where state <= 'active' and policy = 'stately'
      do update set
        priority = greatest(job.priority, excluded.priority),
        start_after = least(job.start_after, excluded.start_after)
      where job.priority < excluded.priority or job.start_after > excluded.start_after
      returning job.start_after
    )
    select pg_notify(${jobsChannel}, '') from queued where start_after <= pgboss.job_now() limit 1
  `;
});

/**
 * Queues jobs in a transaction of their own, again if others are in the way. Throws the error of a catalogue that cannot
 * serve.
 */
export async function enqueueAlone(database: Kysely<Schema>, due: readonly DueWork[]): Promise<void> {
  await untilUnhindered(() => enqueue(database, due));
}

/** Merges what is due twice: one statement cannot change a row twice. */
function eachOnce(due: readonly DueWork[]): readonly DueWork[] {
  const byJob = new Map<string, DueWork>();
  for (const each of due) {
    const key = JSON.stringify(pointerOf(each));
    const other = byJob.get(key);
    if (other === undefined) byJob.set(key, each);
    else {
      const lane = each.lane === 'interactive' ? each.lane : other.lane;
      const isNow = each.notBeforeMs === null || other.notBeforeMs === null;
      const notBeforeMs = isNow ? null : Math.min(each.notBeforeMs, other.notBeforeMs);
      byJob.set(key, { ...each, lane, notBeforeMs });
    }
  }
  return [...byJob.values()];
}

function toRow(due: DueWork) {
  const { projectId, storageUnitId, bucketName } = placeOf(due);
  return {
    data: pointerOf(due),
    priority: priorityOf(due),
    group_id: groupKeyOf(due),
    operation_id: due.kind === 'chain' ? null : keyInBucket(due),
    project_id: projectId,
    storage_unit_id: storageUnitId,
    bucket_name: bucketName,
    chain_root: due.kind === 'chain' ? due.chain.chainRoot : null,
    not_before_ms: due.notBeforeMs,
  };
}

/**
 * Makes the waiting jobs of a bucket due now. Locks them in the order of their keys, as `enqueue` does. Throws the error
 * of a catalogue that cannot serve.
 */
export async function bringForward(database: Kysely<Schema>, storageUnitId: string, bucketName: string): Promise<void> {
  // The groups of all projects in the bucket begin like this.
  const prefix = `${JSON.stringify([storageUnitId, bucketName]).slice(0, -1)},`;
  await untilUnhindered(() =>
    sql`
      with waiting as (
        select id from pgboss.job_common
        where name = ${queueName} and state < 'active' and start_after > pgboss.job_now()
          and starts_with(group_id, ${prefix})
        order by singleton_key
        for update
      ), brought as (
        update pgboss.job_common as job set start_after = pgboss.job_now()
        from waiting
        -- The name leads to the partition. A worker may have taken the job since.
        where job.name = ${queueName} and job.id = waiting.id and job.state < 'active'
        returning job.id
      )
      select pg_notify(${jobsChannel}, '') from brought limit 1
    `.execute(database),
  );
}

/** A job with its lane and time. */
export function dueOf(job: Job, lane: Lane, notBeforeMs: number | null): DueWork {
  return { ...job, lane, notBeforeMs };
}
