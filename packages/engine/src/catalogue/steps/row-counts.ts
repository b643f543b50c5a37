import type { Kysely } from 'kysely';
import type { CountSubject, Schema } from '../schema.ts';

/** Which rows to count: those of these subjects, and of these parts (null: of all). */
export type Kept = { readonly subjects: readonly CountSubject[]; readonly parts: readonly string[] | null };

/**
 * Returns how many rows a project has, from the counts that the database keeps. It reads a few rows for each subject
 * and part, however many are counted.
 */
export async function keptCount(
  database: Kysely<Schema>,
  projectId: string,
  { subjects, parts }: Kept,
): Promise<number> {
  if (subjects.length === 0 || parts?.length === 0) return 0;
  let counts = database.selectFrom('row_counts').where('project_id', '=', projectId).where('subject', 'in', subjects);
  if (parts !== null) counts = counts.where('part', 'in', parts);
  const { count } = await counts.select(({ fn }) => fn.sum('total').as('count')).executeTakeFirstOrThrow();
  return Number(count ?? 0);
}
