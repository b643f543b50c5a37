import type { Kysely } from 'kysely';
import type { DueChain } from '../records.ts';
import { chainColumns } from '../rows.ts';
import type { Schema } from '../schema.ts';
import { allDueChains, dueChains } from './due-chains.ts';
import { noteTransitions } from './events.ts';

/** Makes running imports wait again. */
export async function releaseUnfinished(
  database: Kysely<Schema>,
  leaseOwner: string | null,
  releasedAtMs: number,
): Promise<readonly DueChain[]> {
  const release = database
    .updateTable('operations')
    .set({ status: 'waiting', lease_owner: null, started_at_ms: null, updated_at_ms: releasedAtMs })
    .where('kind', '=', 'import')
    .where('ended_at_ms', 'is', null)
    .where('status', '=', 'running');
  const held = leaseOwner === null ? release : release.where('lease_owner', '=', leaseOwner);
  const released = await held.returning(['id', ...chainColumns]).execute();
  await noteTransitions(
    database,
    released.map(({ id }) => id),
  );
  return leaseOwner === null ? await allDueChains(database) : await dueChains(database, released);
}

/** Whether an operation of any kind is said to run. */
export async function isAnythingRunning(database: Kysely<Schema>): Promise<boolean> {
  const running = await database
    .selectFrom('operations')
    .select('id')
    .where('ended_at_ms', 'is', null)
    .where('status', '=', 'running')
    .limit(1)
    .executeTakeFirst();
  return running !== undefined;
}
