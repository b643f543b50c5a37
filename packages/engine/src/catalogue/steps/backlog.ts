import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';
import { keptCount } from './row-counts.ts';

/** Returns the number of unfinished imports of a project. */
export async function countBacklog(database: Kysely<Schema>, projectId: string): Promise<number> {
  return await keptCount(database, projectId, { subjects: ['import'], parts: ['waiting', 'running'] });
}
