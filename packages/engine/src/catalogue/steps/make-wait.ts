import type { ExpressionBuilder, Kysely, Updateable } from 'kysely';
import type { RequestCount } from '../../storage/counted-storage-unit.ts';
import type { OperationRow, Schema } from '../schema.ts';
import { noteTransitions } from './events.ts';

/** The columns of an operation's requests, with those of the current attempt added. */
export function addedTo(eb: ExpressionBuilder<Schema, 'operations'>, { lists, gets, bytesRead }: RequestCount) {
  return {
    list_requests: eb(eb.fn.coalesce('list_requests', eb.lit(0)), '+', lists),
    get_requests: eb(eb.fn.coalesce('get_requests', eb.lit(0)), '+', gets),
    bytes_read: eb(eb.fn.coalesce('bytes_read', eb.lit(0)), '+', bytesRead),
  };
}

/** Makes a running operation wait. The requests of its attempt are added to its cost. */
export async function makeWait(
  database: Kysely<Schema>,
  id: string,
  columns: Updateable<OperationRow>,
  requests: RequestCount,
  nowMs: number,
): Promise<void> {
  await database
    .updateTable('operations')
    .set((eb) => ({
      ...columns,
      status: 'waiting',
      ...addedTo(eb, requests),
      started_at_ms: null,
      updated_at_ms: nowMs,
      lease_owner: null,
      takeovers: 0,
    }))
    .where('id', '=', id)
    .execute();
  await noteTransitions(database, [id]);
}
