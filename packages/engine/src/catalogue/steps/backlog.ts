import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';

/**
 * Returns the number of unfinished imports of a project. The query makes SQLite count in the index of chains, which has
 * only unfinished operations.
 */
export async function countBacklog(database: Kysely<Schema>, projectId: string): Promise<number> {
  const { count } = await database
    .selectFrom('operations')
    .where('project_id', '=', projectId)
    .where('chain_root', 'is not', null)
    .where('ended_at_ms', 'is', null)
    .select(({ fn }) => fn.countAll().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}
