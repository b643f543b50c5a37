import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.ts';

/**
 * Returns the buckets that a project uses. The recursion goes from one bucket of an index to the next, so it reads one
 * row for each bucket, however many records are in it.
 */
export async function projectBuckets(
  database: Kysely<Schema>,
  projectId: string,
  storageUnitId: string,
): Promise<readonly string[]> {
  const nextIn = (table: 'backups' | 'operations', after: ReturnType<typeof sql>) => sql`
    (select min(bucket_name) from ${sql.table(table)}
     where project_id = ${projectId} and storage_unit_id = ${storageUnitId} and bucket_name > ${after}
     ${table === 'operations' ? sql`and ended_at_ms is null` : sql``})`;
  const none = sql`''`;
  const { rows } = await sql<{ bucket_name: string }>`
    with recursive
      recorded(bucket_name) as (
        select ${nextIn('backups', none)}
        union all
        select ${nextIn('backups', sql`recorded.bucket_name`)} from recorded where recorded.bucket_name is not null
      ),
      imported(bucket_name) as (
        select ${nextIn('operations', none)}
        union all
        select ${nextIn('operations', sql`imported.bucket_name`)} from imported where imported.bucket_name is not null
      )
    select bucket_name from recorded where bucket_name is not null
    union select bucket_name from imported where bucket_name is not null
    union select bucket_name from bucket_grants
      where project_id = ${projectId} and storage_unit_id = ${storageUnitId}
    union select bucket_name from sources
      where project_id = ${projectId} and storage_unit_id = ${storageUnitId}
    order by bucket_name`.execute(database);
  return rows.map((row) => row.bucket_name);
}
