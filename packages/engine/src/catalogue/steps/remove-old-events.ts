import type { Kysely } from 'kysely';
import type { Removed } from '../retention-records.ts';
import type { Schema } from '../schema.ts';

/** Events that one step removes. */
const eventsMax = 1_000;

/**
 * Removes the oldest events of a project, up to the first that is not older than `beforeMs`. The newest event stays,
 * because the next one is numbered after it.
 */
export async function removeOldEvents(
  database: Kysely<Schema>,
  { projectId, beforeMs }: { readonly projectId: string; readonly beforeMs: number },
): Promise<Removed<true>> {
  const ofProject = database.selectFrom('operation_events').where('project_id', '=', projectId);
  const oldest = await ofProject
    .select(['cursor', 'at_ms'])
    .orderBy('cursor')
    .limit(eventsMax + 1)
    .execute();
  const first = oldest.findIndex((event) => event.at_ms >= beforeMs);
  const count = Math.min(first === -1 ? oldest.length : first, oldest.length - 1);
  const last = oldest[count - 1];
  if (last === undefined) return { events: 0, next: null };
  const ofEvents = database.deleteFrom('operation_events').where('project_id', '=', projectId);
  await ofEvents.where('cursor', '<=', last.cursor).execute();
  return { events: count, next: count === eventsMax ? true : null };
}
