import type { Kysely } from 'kysely';
import { presentMs } from '../differences.ts';
import type { Heartbeat, Leases, NewNode, NodeRecord, Takeover } from '../node-records.ts';
import type { DueWork } from '../operation-records.ts';
import type { Schema } from '../schema.ts';
import { releaseOperations } from './release-operations.ts';
import { takeOver } from './take-over.ts';

/** Adds a node. */
export async function registerNode(database: Kysely<Schema>, node: NewNode, nowMs: number): Promise<number> {
  const now = presentMs(database, nowMs);
  const row = await database
    .insertInto('nodes')
    .values({
      id: node.id,
      host_name: node.hostName,
      pid: node.pid,
      version: node.version,
      serves: node.serves ? 1 : 0,
      works: node.works ? 1 : 0,
      started_at_ms: now,
      heartbeat_at_ms: now,
      clock_ahead_ms: 0,
      jobs: 0,
    })
    .returning('heartbeat_at_ms')
    .executeTakeFirstOrThrow();
  return row.heartbeat_at_ms;
}

/** Records that a node lives. */
export async function beatNode(database: Kysely<Schema>, beat: Heartbeat, nowMs: number): Promise<number | null> {
  const row = await database
    .updateTable('nodes')
    .set({
      heartbeat_at_ms: presentMs(database, nowMs),
      clock_ahead_ms: Math.round(beat.clockAheadMs),
      jobs: beat.jobs,
    })
    .where('id', '=', beat.id)
    .returning('heartbeat_at_ms')
    .executeTakeFirst();
  return row?.heartbeat_at_ms ?? null;
}

/** Removes a node that stops. */
export async function removeNode(database: Kysely<Schema>, id: string, nowMs: number): Promise<readonly DueWork[]> {
  await database.deleteFrom('nodes').where('id', '=', id).execute();
  return await releaseOperations(database, id, nowMs);
}

/** Takes over from nodes that are silent. */
export async function takeOverDead(database: Kysely<Schema>, silentForMs: number, nowMs: number): Promise<Takeover> {
  const now = presentMs(database, nowMs);
  // The clock of the database was set back. A node that died before would count as alive until the clock has caught up.
  await database
    .updateTable('nodes')
    .set({ heartbeat_at_ms: now })
    .where(({ eb }) => eb('heartbeat_at_ms', '>', eb(now, '+', silentForMs)))
    .execute();
  const dead = await database
    .deleteFrom('nodes')
    .where(({ eb }) => eb('heartbeat_at_ms', '<', eb(now, '-', silentForMs)))
    .returning(['id', 'host_name', 'pid'])
    .execute();
  return {
    nodes: dead.map(({ id, host_name: hostName, pid }) => ({ id, hostName, pid })),
    // Not only of these nodes: a worker that did not know yet that its node was removed may have started an operation.
    ...(await takeOver(database, nowMs)),
  };
}

/** Returns all nodes. */
export async function listNodes(database: Kysely<Schema>, operationsMax: number): Promise<readonly NodeRecord[]> {
  const rows = await database.selectFrom('nodes').selectAll().orderBy('started_at_ms').orderBy('id').execute();
  const nodes: NodeRecord[] = [];
  for (const row of rows) {
    nodes.push({
      id: row.id,
      hostName: row.host_name,
      pid: row.pid,
      version: row.version,
      serves: row.serves === 1,
      works: row.works === 1,
      startedAtMs: row.started_at_ms,
      heartbeatAtMs: row.heartbeat_at_ms,
      clockAheadMs: row.clock_ahead_ms,
      jobs: row.jobs,
      leases: await showLeases(database, row.id, operationsMax),
    });
  }
  return nodes;
}

/** Returns the running operations of one owner of leases. */
export async function showLeases(database: Kysely<Schema>, leaseOwner: string, operationsMax: number): Promise<Leases> {
  const leased = database.selectFrom('operations').where('lease_owner', '=', leaseOwner);
  const { count } = await leased.select(({ fn }) => fn.countAll().as('count')).executeTakeFirstOrThrow();
  const rows = await leased
    .select(['id', 'project_id', 'kind', 'source_id', 'bucket_name', 'started_at_ms'])
    .orderBy('started_at_ms')
    .orderBy('id')
    .limit(operationsMax)
    .execute();
  return {
    count: Number(count),
    operations: rows.map((row) => ({
      id: row.id,
      projectId: row.project_id,
      kind: row.kind,
      sourceId: row.source_id,
      bucketName: row.bucket_name,
      startedAtMs: row.started_at_ms,
    })),
  };
}

/** Returns the time. */
export async function readClock(database: Kysely<Schema>, nowMs: number): Promise<number> {
  const { now } = await database.selectNoFrom(presentMs(database, nowMs).as('now')).executeTakeFirstOrThrow();
  return now;
}
