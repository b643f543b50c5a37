import { type Expression, type ExpressionBuilder, type Kysely, type Selectable, type SqlBool, sql } from 'kysely';
import type { DueWork } from '../operation-records.ts';
import { type ChainColumns, chainColumns, dueColumns, isSingleKind, rowToDue, singleKinds } from '../operation-rows.ts';
import type { OperationRow, Schema } from '../schema.ts';
import { allDueChains, dueChains } from './due-chains.ts';
import { noteTransitions } from './events.ts';
import { keepInOrder } from './keep-in-order.ts';
import { releaseParts } from './verification-parts.ts';

/** Makes running operations wait again, and the parts of verifications that their workers hold open. */
export async function releaseOperations(
  database: Kysely<Schema>,
  leaseOwner: string | null,
  releasedAtMs: number,
): Promise<readonly DueWork[]> {
  const released = await release(
    database,
    ({ eb, lit }) => (leaseOwner === null ? lit(true) : eb('lease_owner', '=', leaseOwner)),
    releasedAtMs,
  );
  await releaseParts(database, leaseOwner);
  if (leaseOwner === null) return [...(await waitingSingles(database)), ...(await allDueChains(database))];
  const singles = released.filter(({ kind }) => isSingleKind(kind));
  return [...singles.map(rowToDue), ...(await dueChains(database, released))];
}

type Operations = ExpressionBuilder<Schema, 'operations'>;
type Released = ChainColumns & Pick<Selectable<OperationRow>, (typeof dueColumns)[number]>;

async function release(
  database: Kysely<Schema>,
  isHeld: (operations: Operations) => Expression<SqlBool>,
  releasedAtMs: number,
): Promise<readonly Released[]> {
  const held = database
    .selectFrom('operations')
    .where('ended_at_ms', 'is', null)
    // A scan that waits for its imports has no worker; the last of these imports ends it.
    .where('listed_at_ms', 'is', null)
    .where('status', '=', 'running')
    .where(isHeld);
  await keepInOrder(database, held);
  const released = await database
    .updateTable('operations')
    .set({ status: 'waiting', lease_owner: null, started_at_ms: null, updated_at_ms: releasedAtMs })
    .where('id', 'in', held.select('id'))
    .returning([...dueColumns, ...chainColumns])
    .execute();
  await noteTransitions(
    database,
    released.map(({ id }) => id),
  );
  return released;
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
