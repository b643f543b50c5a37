import type { Kysely } from 'kysely';
import type { Fault } from '../../chain/proof/link.ts';
import { faultToColumns } from '../backup-rows.ts';
import type { EndedOperation } from '../operation-records.ts';
import type { Schema } from '../schema.ts';
import { noteEnds } from './events.ts';
import { deleteParts } from './verification-parts.ts';

/** Ends single operations as `failed` without a result. */
export async function endSingles(
  database: Kysely<Schema>,
  ids: readonly string[],
  { fault, endedAtMs }: { readonly fault: Fault; readonly endedAtMs: number },
): Promise<readonly EndedOperation[]> {
  if (ids.length === 0) return [];
  await database
    .updateTable('operations')
    .set({
      status: 'failed',
      ...faultToColumns(fault),
      ended_at_ms: endedAtMs,
      updated_at_ms: endedAtMs,
      lease_owner: null,
      not_before_ms: null,
      waiting_reason: null,
      waiting_detail: '',
    })
    .where('id', 'in', ids)
    .execute();
  await deleteParts(database, ids);
  return await noteEnds(database, ids);
}
