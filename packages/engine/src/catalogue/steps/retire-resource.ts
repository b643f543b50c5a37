import type { Kysely } from 'kysely';
import { timeToleranceMs } from '../../clock.ts';
import { fixedQuery } from '../fixed-query.ts';
import { lockParts } from '../locks.ts';
import type { Schema } from '../schema.ts';

/** Sets or removes the mark that no newer backup of a resource is expected. */
export async function retireResource(
  database: Kysely<Schema>,
  projectId: string,
  resourceId: string,
  retiredAtMs: number | null,
): Promise<boolean> {
  await lockParts(database, projectId, () => [['resource', resourceId]]);
  const known = await database
    .selectFrom('resources')
    .where('project_id', '=', projectId)
    .where('source_id', '=', '')
    .where('resource_id', '=', resourceId)
    .select('resource_id')
    .executeTakeFirst();
  if (known === undefined) return false;
  if (retiredAtMs === null) await unretire(database, projectId, resourceId);
  else {
    const { newest } = await database
      .selectFrom('backups')
      .where('project_id', '=', projectId)
      .where('resource_id', '=', resourceId)
      .where('forgotten_at_ms', 'is', null)
      .where((eb) => eb('taken_at_ms', '<=', eb('updated_at_ms', '+', timeToleranceMs)))
      .select(({ fn }) => fn.max('taken_at_ms').as('newest'))
      .executeTakeFirstOrThrow();
    await database
      .insertInto('retired_resources')
      .values({
        project_id: projectId,
        resource_id: resourceId,
        retired_at_ms: retiredAtMs,
        newest_taken_at_ms: newest ?? 0,
      })
      .onConflict((conflict) => conflict.columns(['project_id', 'resource_id']).doNothing())
      .execute();
  }
  return true;
}

type ResourceKey = { readonly projectId: string; readonly resourceId: string };

function deleteMark(database: Kysely<Schema>, { projectId, resourceId }: ResourceKey) {
  return database
    .deleteFrom('retired_resources')
    .where('project_id', '=', projectId)
    .where('resource_id', '=', resourceId);
}

const deleteEarlierMark = fixedQuery(
  (database, { newestTakenAtMs, ...key }: ResourceKey & { readonly newestTakenAtMs: number }) =>
    deleteMark(database, key).where('newest_taken_at_ms', '<', newestTakenAtMs),
);

/** Removes the mark of a resource. With a time, only if all backups it was set for are older. */
export async function unretire(
  database: Kysely<Schema>,
  projectId: string,
  resourceId: string,
  newestTakenAtMs: number | null = null,
): Promise<void> {
  if (newestTakenAtMs === null) await deleteMark(database, { projectId, resourceId }).execute();
  else await deleteEarlierMark.all(database, { projectId, resourceId, newestTakenAtMs });
}
