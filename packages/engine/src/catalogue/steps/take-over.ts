import type { Kysely } from 'kysely';
import type { Fault } from '../../chain/proof/link.ts';
import { differencesOf } from '../differences.ts';
import { lockProjects } from '../locks.ts';
import type { DueWork, EndedOperation, Ends } from '../operation-records.ts';
import { isSingleKind, rowToDue } from '../operation-rows.ts';
import type { Schema } from '../schema.ts';
import { chunks } from './chunk.ts';
import { dueChains } from './due-chains.ts';
import { endUntried } from './end-import.ts';
import { endSingles } from './end-singles.ts';
import { noteTransitions } from './events.ts';
import { releaseLostParts } from './verification-parts.ts';

/** Number of times in a row that the worker of an operation may die. With the last, the operation ends. */
export const takeoversMax = 5;

const poisonFault: Fault = {
  code: 'internal',
  detail: `the process that worked on it died ${takeoversMax} times in a row`,
};

/**
 * Makes the operations wait again whose lease belongs to no node, or ends them if they may be what killed their workers.
 */
export async function takeOver(database: Kysely<Schema>, takenAtMs: number): Promise<Ends> {
  const held = database
    .selectFrom('operations')
    .where('ended_at_ms', 'is', null)
    // A scan that waits for its imports has no worker; the last of these imports ends it.
    .where('listed_at_ms', 'is', null)
    .where('status', '=', 'running')
    .where('lease_owner', 'is not', null)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('nodes').select('nodes.id').whereRef('nodes.id', '=', 'operations.lease_owner'))),
    );
  await lockProjects(database, async () => {
    const found = await held.select('project_id').execute();
    return found.map((row) => row.project_id);
  });
  const rows = await differencesOf(database).keepRows(held.selectAll()).execute();
  // Operations of other projects may have been started since.
  await lockProjects(database, () => rows.map((row) => row.project_id));
  // After the operations, as in the steps that end one.
  await releaseLostParts(database);
  const end = { fault: poisonFault, endedAtMs: takenAtMs };
  const isWorn = ({ takeovers }: { readonly takeovers: number }) => takeovers + 1 >= takeoversMax;
  const worn = rows.filter(isWorn);
  const released = rows.filter((row) => !isWorn(row));
  await release(
    database,
    released.map(({ id }) => id),
    takenAtMs,
  );
  const singles = worn.filter(({ kind }) => isSingleKind(kind)).map(({ id }) => id);
  const ended: EndedOperation[] = [...(await endSingles(database, singles, end))];
  const due: DueWork[] = [];
  for (const row of worn) {
    if (row.kind !== 'import') continue;
    const ends = await endUntried(database, row, end);
    ended.push(...ends.ended);
    due.push(...ends.due);
  }
  due.push(...released.filter(({ kind }) => isSingleKind(kind)).map(rowToDue));
  due.push(...(await dueChains(database, released)));
  return { ended, due };
}

async function release(database: Kysely<Schema>, ids: readonly string[], releasedAtMs: number): Promise<void> {
  for (const some of chunks(ids)) {
    await database
      .updateTable('operations')
      .set((eb) => ({
        status: 'waiting',
        lease_owner: null,
        started_at_ms: null,
        updated_at_ms: releasedAtMs,
        takeovers: eb('takeovers', '+', 1),
      }))
      .where('id', 'in', some)
      .execute();
  }
  await noteTransitions(database, ids);
}
