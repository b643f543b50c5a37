import { firstPauseMs, pauseMsMax, recoveryPart, slowestPerSecond } from '../storage/bucket-budget.ts';
import type { BucketPlace, BudgetStore, ReservedTurns } from '../storage/shared-bucket-budget.ts';
import { askLimits, databaseNowMs, type LimitPool, withoutDisk } from './pool.ts';

/**
 * The budgets of buckets in PostgreSQL: one row a bucket, one statement a reservation or slowdown. All times are of the
 * clock of the database.
 */
export class PostgresBudgetStore implements BudgetStore {
  readonly #pool: LimitPool;

  constructor(pool: LimitPool) {
    this.#pool = pool;
  }

  async reserve(
    { storageUnitId, bucketName }: BucketPlace,
    { turns, answers, requestsPerSecond }: Parameters<BudgetStore['reserve']>[1],
  ): Promise<ReservedTurns> {
    const [row] = await askLimits<ReservedTurns>(this.#pool, {
      name: 'reserve-requests',
      text: reserve,
      values: [storageUnitId, bucketName, turns, answers, requestsPerSecond],
    });
    if (row === undefined) throw new Error('PostgreSQL reserved no requests');
    return row;
  }

  async slowDown(
    { storageUnitId, bucketName }: BucketPlace,
    { retryAfterMs, requestsPerSecond }: Parameters<BudgetStore['slowDown']>[1],
  ): Promise<number> {
    const [row] = await askLimits<{ readonly pausedForMs: number }>(this.#pool, {
      name: 'slow-down-requests',
      text: slowDown,
      values: [storageUnitId, bucketName, retryAfterMs, requestsPerSecond],
    });
    return row?.pausedForMs ?? 0;
  }
}

const moment = `moment as materialized (select ${databaseNowMs} as now_ms, ${withoutDisk})`;
const nowMs = '(select now_ms from moment)';
/** Turns are never reserved this long before they are due, even by 50 nodes at the slowest rate. Milliseconds. */
const reservedAheadMsMax = 10 * 60 * 1000;
/**
 * Times that are too far ahead were stored before the clock of the database was set back. They mean nothing: the bucket
 * would have to wait until the clock has caught up.
 */
const isPaused = `(kept.paused_until_ms > ${nowMs} and kept.paused_until_ms <= ${nowMs} + ${pauseMsMax})`;
const pausedUntilMs = `case when ${isPaused} then kept.paused_until_ms else 0 end`;
const nextAtMs = `case when kept.next_at_ms > ${nowMs} + ${reservedAheadMsMax} then ${nowMs} else kept.next_at_ms end`;

const turns = '$3::double precision';
const answers = '$4::double precision';
const fullRate = '$5::double precision';
/** During a pause, answers are of requests from before. */
const rate = `least(${fullRate}, kept.requests_per_second +
  case when ${isPaused} then 0 else ${fullRate} * ${recoveryPart} * ${answers} end)`;

/** The generic cell rate algorithm, without a burst: a node that uses a turn late has its burst from that. */
const reserve = `
with ${moment}
insert into bucket_budgets as kept
  (storage_unit_id, bucket_name, next_at_ms, paused_until_ms, requests_per_second, slowdowns)
values ($1, $2, ${nowMs} + ${turns} * 1000 / ${fullRate}, 0, ${fullRate}, 0)
on conflict (storage_unit_id, bucket_name) do update set
  next_at_ms = case
    when ${isPaused} then kept.next_at_ms
    else greatest(${nextAtMs}, ${nowMs}) + ${turns} * 1000 / ${rate}
  end,
  paused_until_ms = ${pausedUntilMs},
  requests_per_second = ${rate},
  slowdowns = case when ${answers} > 0 and not ${isPaused} then 0 else kept.slowdowns end
returning
  paused_until_ms - ${nowMs} as "pausedForMs",
  next_at_ms - ${turns} * 1000 / requests_per_second as "startsAtMs",
  ${nowMs} as "nowMs",
  requests_per_second as "requestsPerSecond"`;

const retryAfterMs = '$3::double precision';
const fullRateOfSlowDown = '$4::double precision';
/** Doubles at most thirty times, which is far beyond the longest pause. */
const nextPauseMs = `${firstPauseMs} * power(2, least(kept.slowdowns, 30))`;

/** Requests in flight together, at any nodes, are refused together, which counts as one slowdown. */
const slowDown = `
with ${moment}
insert into bucket_budgets as kept
  (storage_unit_id, bucket_name, next_at_ms, paused_until_ms, requests_per_second, slowdowns)
values (
  $1, $2, ${nowMs}, ${nowMs} + least(coalesce(${retryAfterMs}, ${firstPauseMs}), ${pauseMsMax}),
  greatest(${slowestPerSecond}, ${fullRateOfSlowDown} / 2), 1
)
on conflict (storage_unit_id, bucket_name) do update set
  paused_until_ms = greatest(
    ${pausedUntilMs},
    ${nowMs} + least(coalesce(${retryAfterMs}, case when ${isPaused} then 0 else ${nextPauseMs} end), ${pauseMsMax})
  ),
  requests_per_second = case
    when ${isPaused} then kept.requests_per_second
    else greatest(${slowestPerSecond}, least(${fullRateOfSlowDown}, kept.requests_per_second) / 2)
  end,
  slowdowns = kept.slowdowns + case when ${isPaused} then 0 else 1 end
returning paused_until_ms - ${nowMs} as "pausedForMs"`;
