import { type Kysely, sql } from 'kysely';
import type { DueWork } from '../operation-records.ts';
import { type ChainColumns, chainColumns, dueColumns, rowToDue, singleKinds } from '../operation-rows.ts';
import type { Schema } from '../schema.ts';
import { allDueChains, dueChains } from './due-chains.ts';
import { noteTransitions } from './events.ts';

/** Makes running operations wait again. */
export async function releaseOperations(
  database: Kysely<Schema>,
  leaseOwner: string | null,
  releasedAtMs: number,
): Promise<readonly DueWork[]> {
  const release = database
    .updateTable('operations')
    .set({ status: 'waiting', lease_owner: null, started_at_ms: null, updated_at_ms: releasedAtMs })
    .where('ended_at_ms', 'is', null)
    // A scan that waits for its imports has no worker; the last of these imports ends it.
    .where('listed_at_ms', 'is', null)
    .where('status', '=', 'running');
  const held = leaseOwner === null ? release : release.where('lease_owner', '=', leaseOwner);
  const released = await held.returning(['id', ...chainColumns]).execute();
  await noteTransitions(
    database,
    released.map(({ id }) => id),
  );
  return [
    ...(await waitingSingles(database)),
    ...(await waitingChains(database, leaseOwner === null ? null : released)),
  ];
}

/** Returns the waiting chains of these rows, or all with null. */
async function waitingChains(database: Kysely<Schema>, rows: readonly ChainColumns[] | null) {
  return rows === null ? await allDueChains(database) : await dueChains(database, rows);
}

async function waitingSingles(database: Kysely<Schema>) {
  const waiting = await database
    .selectFrom('operations')
    .where('kind', 'in', singleKinds)
    .where('ended_at_ms', 'is', null)
    .where('status', '=', 'waiting')
    .select(dueColumns)
    // Not by the bare column: in its order, SQLite would go through all operations.
    .orderBy(sql`sequence + 0`)
    .execute();
  return waiting.map(rowToDue);
}
