import type { Kysely } from 'kysely';
import type { ChainKey } from '../port.ts';
import { chainColumns, rowsToChains } from '../rows.ts';
import type { Schema } from '../schema.ts';
import { noteTransitions } from './events.ts';
import { unfinishedImports } from './unfinished-imports.ts';

/** Makes running imports wait again; see {@link Catalogue.releaseUnfinished}. */
export async function releaseUnfinished(
  database: Kysely<Schema>,
  leaseOwner: string | null,
  releasedAtMs: number,
): Promise<readonly ChainKey[]> {
  const inQuestion = unfinishedImports(database).select(chainColumns).distinct();
  const chains =
    leaseOwner === null
      ? await inQuestion.execute()
      : await inQuestion.where('status', '=', 'running').where('lease_owner', '=', leaseOwner).execute();

  const release = database
    .updateTable('operations')
    .set({ status: 'waiting', lease_owner: null, started_at_ms: null, updated_at_ms: releasedAtMs })
    .where('kind', '=', 'import')
    .where('ended_at_ms', 'is', null)
    .where('status', '=', 'running');
  const held = leaseOwner === null ? release : release.where('lease_owner', '=', leaseOwner);
  const released = await held.returning('id').execute();
  await noteTransitions(
    database,
    released.map(({ id }) => id),
  );
  return rowsToChains(chains);
}
