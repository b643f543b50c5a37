import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';

/** In a binding: every storage unit, or every bucket. */
export const every = '*';

/** The buckets bound to a project on a storage unit. */
export async function bucketsBoundTo(
  database: Kysely<Schema>,
  projectId: string,
  storageUnitId: string,
): Promise<'all' | readonly string[]> {
  const rows = await database
    .selectFrom('bucket_bindings')
    .where('project_id', '=', projectId)
    .where('storage_unit_id', 'in', [storageUnitId, every])
    .select('bucket_name')
    .distinct()
    .orderBy('bucket_name')
    .execute();
  const names = rows.map((row) => row.bucket_name);
  return names.includes(every) ? 'all' : names;
}
