import { setTimeout as pause } from 'node:timers/promises';
import {
  type ConnectionPool,
  openConnectionPool,
} from '../../../packages/engine/src/catalogue/postgres/connection-pool.ts';
import { findLost } from '../../../packages/engine/src/queue/pg-boss/sweeper.ts';
import { pointerOf } from '../../../packages/engine/src/queue/port.ts';
import type { DatabaseProcess } from './database-process.ts';

const lookEveryMs = 500;
/** A dead node is noticed after 15 s, and others look for it every 5 s. The rest is for slow machines. */
const deadWithinMs = 30_000;
/** Milliseconds within which work that has no living owner, or no job, gets one. */
const usualTimes = { orphanedMaxMs: 15_000, withoutJobMaxMs: 5_000 };

type ViewedDatabase = Pick<DatabaseProcess, 'url' | 'isAway'>;

/** The catalogue of a cluster, read from its database directly and not through any node. */
export class CatalogueView implements AsyncDisposable {
  readonly #database: ViewedDatabase;
  readonly #times: typeof usualTimes;
  readonly #connections: ConnectionPool;
  readonly #stopping = new AbortController();
  readonly #watching: Promise<void>;
  /** Digests of the rows of ended operations, by id. */
  readonly #ended = new Map<string, string>();
  /** Running operations without a living owner, with the time when that was first seen. */
  #orphansSinceMs = new Map<string, number>();
  #longOrphans: string[] = [];
  readonly #lost = new Set<string>();

  constructor(database: ViewedDatabase, times = usualTimes) {
    this.#database = database;
    this.#times = times;
    this.#connections = openConnectionPool(database.url(), 2);
    this.#watching = this.#watch();
  }

  /** Returns the id of the living node of a process; null: there is none. */
  async nodeOf(pid: number | null): Promise<string | null> {
    const rows = await this.#rows<{ id: string }>('select id from nodes where pid = $1 order by id desc limit 1', [
      pid,
    ]);
    return rows[0]?.id ?? null;
  }

  async isRegistered(nodeId: string): Promise<boolean> {
    return (await this.#rows('select from nodes where id = $1', [nodeId])).length > 0;
  }

  /** Returns the ids of the operations that a node works on. */
  async leasesOf(nodeId: string): Promise<readonly string[]> {
    const rows = await this.#rows<{ id: string }>(
      `select id from operations where lease_owner = $1 and status = 'running'`,
      [nodeId],
    );
    return rows.map(({ id }) => id);
  }

  /** Returns the operations whose rows changed after their end, compared with what it returned at the last look. */
  async changedEnds(): Promise<readonly string[]> {
    const rows = await this.#rows<{ id: string; digest: string }>(
      'select id, md5(operations::text) as digest from operations where ended_at_ms is not null',
    );
    const changed = rows.filter(({ id, digest }) => (this.#ended.get(id) ?? digest) !== digest).map(({ id }) => id);
    for (const { id, digest } of rows) this.#ended.set(id, digest);
    return changed;
  }

  /**
   * Returns pairs of imports of one item that were unfinished at the same time: the first one changed after the second
   * was there. The order of their events says so. Times do not, because an import has the time of its call, which may
   * wait for the database.
   */
  async doubleImports(): Promise<readonly string[]> {
    const rows = await this.#rows<{ pair: string }>(
      `with spans as (
        select operation_id, min(cursor) as first, max(cursor) as last from operation_events group by operation_id
      )
      select one.id || ' and ' || two.id || ' of ' || one.backup_id as pair
      from operations as one join operations as two
        on two.kind = 'import' and two.project_id = one.project_id and two.storage_unit_id = one.storage_unit_id
        and two.backup_id = one.backup_id and two.item_digest = one.item_digest
        and coalesce(two.task, '') = coalesce(one.task, '') and two.sequence > one.sequence
      join spans as of_one on of_one.operation_id = one.id join spans as of_two on of_two.operation_id = two.id
      where one.kind = 'import' and (one.ended_at_ms is null or of_one.last > of_two.first) limit 5`,
    );
    return rows.map(({ pair }) => pair);
  }

  /** Returns the jobs that are queued or active. */
  async jobs(): Promise<readonly string[]> {
    const rows = await this.#rows<{ job: string }>(
      `select state || ' ' || data::text as job from pgboss.job_common where state <= 'active' limit 5`,
    );
    return rows.map(({ job }) => job);
  }

  /** Returns the number of events without a number. */
  async pendingEvents(): Promise<number> {
    const [row] = await this.#rows<{ count: number }>('select count(*) as count from pending_events');
    return row?.count ?? 0;
  }

  /** Returns the operations that stayed without a living owner since the last call. */
  takeOrphans(): readonly string[] {
    return this.#longOrphans.splice(0);
  }

  /** Returns the work that waited without a job since the last call. */
  takeLost(): readonly string[] {
    const lost = [...this.#lost];
    this.#lost.clear();
    return lost;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#watching;
    await this.#connections[Symbol.asyncDispose]();
  }

  async #rows<Row extends object>(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return (await this.#connections.pool.query<Row>(text, [...values])).rows;
  }

  async #watch(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      // After an outage, nodes need time to be heard again.
      if (this.#database.isAway) this.#orphansSinceMs.clear();
      else {
        await this.#look().catch(() => {});
        await this.#lookForLost().catch(() => {});
      }
      await pause(lookEveryMs);
    }
  }

  async #lookForLost(): Promise<void> {
    const lost = await findLost(this.#connections.database, this.#times.withoutJobMaxMs);
    for (const due of lost) this.#lost.add(JSON.stringify(pointerOf(due)));
  }

  async #look(): Promise<void> {
    const rows = await this.#rows<{ orphan: string }>(
      `select operations.id || ' under epoch ' || epoch || ' of node ' || lease_owner as orphan from operations
      -- A scan that waits for its imports runs without an owner.
      where ended_at_ms is null and status = 'running' and lease_owner is not null and not exists (
        select from nodes where nodes.id = operations.lease_owner
          and heartbeat_at_ms > extract(epoch from clock_timestamp()) * 1000 - ${deadWithinMs})`,
    );
    const before = this.#orphansSinceMs;
    this.#orphansSinceMs = new Map();
    for (const { orphan } of rows) {
      const sinceMs = before.get(orphan) ?? performance.now();
      this.#orphansSinceMs.set(orphan, sinceMs);
      const isLong = performance.now() - sinceMs > this.#times.orphanedMaxMs;
      if (isLong && !this.#longOrphans.includes(orphan)) this.#longOrphans.push(orphan);
    }
  }
}
