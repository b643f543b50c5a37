import { createHash } from 'node:crypto';
import { askLimits, databaseNowMs, type LimitPool, withoutDisk } from './pool.ts';

/** A limit of calls: `perSecond` in the long run, and `burst` at once after a rest. */
export type CallRate = { readonly perSecond: number; readonly burst: number };

/** Calls of one caller at one node since the node last asked. */
export type CallerCount = {
  readonly caller: string;
  /** Calls that the node has admitted. Less than zero if it takes back more than it admitted. */
  readonly made: number;
  /** More calls that the node wants to admit, one by one, as far as the limit allows. */
  readonly wanted: number;
};

export type CountedCaller = {
  /** How many of the wanted calls the limit allows. They are counted. */
  readonly admitted: number;
  /** Milliseconds until all counted calls are paid for at the rate of the limit. */
  readonly aheadMs: number;
};

/** Counts calls over all nodes. */
export interface SharedCallCounts {
  /**
   * Counts calls of several callers against the limit of this name. Returns an answer for each, in their order. Throws
   * if the counts cannot be reached.
   */
  count(limit: string, rate: CallRate, callers: readonly CallerCount[]): Promise<readonly CountedCaller[]>;
}

/** When all calls are paid, a row means nothing. It is kept a while, so that it need not be inserted again. Milliseconds. */
const keptAfterPaidMs = 60 * 1000;

type Row = { readonly key: string; readonly admitted: number; readonly ahead_ms: number };

/**
 * Counts calls in PostgreSQL by the generic cell rate algorithm, with the clock of the database. One statement counts
 * for many callers.
 *
 * `rate-limiter-flexible` does not fit here. It counts in fixed windows, so twice the limit may pass where two windows
 * meet, and it takes a trip for each call.
 */
export class PostgresCallCounts implements SharedCallCounts {
  readonly #pool: LimitPool;

  constructor(pool: LimitPool) {
    this.#pool = pool;
  }

  async count(
    limit: string,
    { perSecond, burst }: CallRate,
    callers: readonly CallerCount[],
  ): Promise<readonly CountedCaller[]> {
    const intervalMs = 1000 / perSecond;
    const keys = callers.map(({ caller }) => keyOf(limit, caller));
    const rows = await askLimits<Row>(this.#pool, {
      name: 'count-calls',
      text: countCalls,
      values: [
        keys,
        callers.map(({ made }) => made),
        callers.map(({ wanted }) => wanted),
        intervalMs,
        intervalMs * (burst - 1),
      ],
    });
    const rowOf = new Map(rows.map((row) => [row.key, row]));
    return keys.map((key) => {
      const row = rowOf.get(key);
      if (row === undefined) throw new Error('PostgreSQL did not count a caller');
      return { admitted: Number(row.admitted), aheadMs: row.ahead_ms };
    });
  }

  /** Removes callers that have not called for a while. Throws errors of PostgreSQL. */
  async clear(): Promise<void> {
    await askLimits(this.#pool, {
      name: 'clear-calls',
      text: `delete from call_limits where paid_at_ms < ${databaseNowMs} - $1::double precision`,
      values: [keptAfterPaidMs],
    });
  }
}

const nowMs = '(select now_ms from moment)';
/** How many of the wanted calls the limit allows if all others are paid at `paid`. */
const allowed = (wanted: string, paid: string) =>
  `least(${wanted}, greatest(0, floor((${nowMs} + $5::double precision - (${paid})) / $4) + 1))`;
/** Nodes together never make this many bursts of calls ahead. */
const burstsAheadMax = 10;
/** A time further ahead was stored before the clock of the database was set back. Nobody is refused until then. */
const paidBeforeMs = `least(kept.paid_at_ms, ${nowMs} + ${burstsAheadMax} * ($5::double precision + $4))`;
/** When the calls are paid that are counted in any case. */
const paidMs = `greatest(${paidBeforeMs}, ${nowMs}) + excluded.made * $4`;
const admitted = allowed('excluded.admitted', paidMs);

/** Writes rows in the order of their keys, so that two nodes never wait for each other. */
const countCalls = `
with moment as materialized (select ${databaseNowMs} as now_ms, ${withoutDisk}),
asked as (
  select key, made, ${allowed('wanted', `${nowMs} + made * $4`)} as admitted
  from unnest($1::text[], $2::double precision[], $3::double precision[]) as each (key, made, wanted)
)
insert into call_limits as kept (key, paid_at_ms, made, admitted)
select key, ${nowMs} + (made + admitted) * $4::double precision, made, admitted from asked order by key
on conflict (key) do update set
  paid_at_ms = ${paidMs} + ${admitted} * $4,
  made = excluded.made,
  admitted = ${admitted}
returning key, admitted, paid_at_ms - ${nowMs} as ahead_ms`;

/** A hash, because keys of an index must be short. */
function keyOf(limit: string, caller: string): string {
  return createHash('sha256')
    .update(JSON.stringify([limit, caller]))
    .digest('base64url');
}
